import { ButtonLink } from '../components/basics';
import { usePageTitle } from '../lib/page';
import { text } from '../text';

export function NotFoundPage() {
  usePageTitle(text.notFound.title);
  return (
    <div className="page page-narrow centred">
      <p className="display-number" aria-hidden="true">
        404
      </p>
      <h1>{text.notFound.title}</h1>
      <p className="lead">{text.notFound.body}</p>
      <p className="buttons">
        <ButtonLink to="/">{text.notFound.home}</ButtonLink>
        <ButtonLink to="/collections" kind="quiet">
          {text.notFound.everything}
        </ButtonLink>
      </p>
    </div>
  );
}
