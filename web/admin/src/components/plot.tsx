// uPlot in React: one plot, redrawn when its data, its width or the colours change. A table says the
// same to those who do not see it.

import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface Series {
  name: string;
  values: (number | null)[];
  kind: 'bars' | 'line';
  strong: boolean;
}

const height = 220;

const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export function Plot({
  label,
  times,
  series,
  sayTime,
  sayValue,
}: {
  label: string;
  times: number[]; // seconds since 1970
  series: Series[];
  sayTime: (seconds: number) => string;
  sayValue: (value: number) => string;
}) {
  const place = useRef<HTMLDivElement>(null);
  const data = JSON.stringify([times, series]);
  useEffect(() => {
    const element = place.current;
    if (element === null) {
      return undefined;
    }
    let plot: uPlot | null = null;
    const draw = () => {
      plot?.destroy();
      plot = new uPlot(
        optionsOf(element.clientWidth, times, series, sayTime, sayValue),
        [times, ...series.map(({ values }) => values)] as uPlot.AlignedData,
        element,
      );
    };
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', draw);
    const sizes = new ResizeObserver(([entry]) => {
      const width = entry?.contentRect.width ?? 0;
      if (plot === null || Math.abs(plot.width - width) > 1) {
        draw();
      }
    });
    sizes.observe(element);
    return () => {
      sizes.disconnect();
      dark.removeEventListener('change', draw);
      plot?.destroy();
    };
  }, [data]); // eslint-disable-line
  return (
    <figure className="plot" aria-label={label}>
      <div className="plot-place" ref={place} aria-hidden="true" />
      <figcaption className="plot-legend">
        {series.map(({ name, strong }) => (
          <span key={name} data-strong={strong || undefined}>
            {name}
          </span>
        ))}
      </figcaption>
      <div className="sr-only">
        <table>
          <caption>{label}</caption>
          <thead>
            <tr>
              <th scope="col">When</th>
              {series.map(({ name }) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {times.map((time, i) => (
              <tr key={time}>
                <th scope="row">{sayTime(time)}</th>
                {series.map(({ name, values }) => (
                  <td key={name}>{sayValue(values[i] ?? 0)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

function optionsOf(
  width: number,
  times: number[],
  series: Series[],
  sayTime: (seconds: number) => string,
  sayValue: (value: number) => string,
): uPlot.Options {
  const ink = colour('--ink-soft');
  const line = colour('--line');
  const font = `12px ${colour('--sans') || 'sans-serif'}`;
  const bars = uPlot.paths.bars?.({ size: [0.7, 40], radius: 0.15 });
  const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const step = (times[1] ?? 1) - (times[0] ?? 0);
  return {
    width,
    height,
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    legend: { show: false },
    scales: {
      x: {
        time: true,
        range: (_, least, most) => [least - step / 2, most + step / 2],
      },
      y: { range: (_, _least, most) => [0, most > 0 ? most * 1.1 : 1] },
    },
    padding: [8, 8, 0, 0],
    axes: [
      { ...axis, size: 32, grid: { show: false }, values: (_, splits) => splits.map(sayTime) },
      {
        ...axis,
        size: 76,
        values: (_, splits) => splits.map(sayValue),
      },
    ],
    series: [
      {},
      ...series.map(({ name, kind, strong }): uPlot.Series => {
        const stroke = colour(strong ? '--plot' : '--plot-soft');
        return {
          label: name,
          stroke,
          width: strong ? 2 : 1.5,
          points: { show: false },
          ...(kind === 'bars' && bars !== undefined ? { paths: bars, fill: stroke, width: 0 } : {}),
          ...(kind === 'line' && !strong ? { dash: [4, 4] } : {}),
        };
      }),
    ],
  };
}
