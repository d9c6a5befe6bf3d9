// Finding and keeping one's place; the page is whole without it.
(() => {
  const find = document.getElementById("find");
  const list = document.getElementById("list");
  const links = [...list.querySelectorAll("li a")].map((a) => {
    const target = document.getElementById(a.hash.slice(1));
    const route = target && target.querySelector(".route");
    return { a, words: (a.textContent + " " + a.hash + " " + (route ? route.textContent : "")).toLowerCase() };
  });

  find.addEventListener("input", () => {
    const wanted = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const { a, words } of links) {
      a.parentElement.hidden = !wanted.every((word) => words.includes(word));
    }
    for (const group of list.querySelectorAll("details")) {
      group.hidden = !group.querySelector("li:not([hidden])");
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== find) {
      event.preventDefault();
      find.focus();
      find.select();
    } else if (event.key === "Enter" && document.activeElement === find) {
      const first = links.find(({ a }) => !a.parentElement.hidden);
      if (first) first.a.click();
    }
  });

  const byHash = new Map(links.map(({ a }) => [a.hash.slice(1), a]));
  let here = null;
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const link = entry.isIntersecting && byHash.get(entry.target.id);
      if (!link) continue;
      if (here) here.classList.remove("here");
      here = link;
      here.classList.add("here");
      here.scrollIntoView({ block: "nearest" });
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  for (const id of byHash.keys()) {
    const target = document.getElementById(id);
    if (target) seen.observe(target);
  }
})();
