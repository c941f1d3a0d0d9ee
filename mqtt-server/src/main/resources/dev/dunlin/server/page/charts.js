// Charts of what the broker kept of the last minutes: its columns go to uPlot as they are.
/* global uPlot */
import { byId } from './dom.js';

const HEIGHT = 170;
// From one time at the axis to the next: whole seconds, as the axis doesn't show their parts.
const STEPS_SECONDS = [1, 5, 10, 15, 30, 60, 120, 300, 600];

const CHARTS = [
  { place: 'chart-rates', series: { dunlin_publishes_received_per_second: 'received', dunlin_publishes_sent_per_second: 'sent' } },
  { place: 'chart-latency', series: { dunlin_acknowledgement_p50_seconds: 'median', dunlin_acknowledgement_p99_seconds: '99 of 100' }, values: exactly },
  { place: 'chart-queue', series: { dunlin_queued_messages: 'queued' } },
  { place: 'chart-drops', series: { dunlin_dropped_messages_per_second: 'dropped' } },
];

let drawn = [];

/** Shows { times, series }. */
export function showHistory(history) {
  if (history.times.length < 2) {
    return; // of one sample there is no line, and no axis of time
  }
  if (drawn.length === 0) {
    drawn = CHARTS.map(chart => draw(byId(chart.place), chart));
  }
  drawn.forEach(chart => {
    const columns = chart.names.map(name => history.series[name]);
    chart.plot.setData([history.times, ...columns]);
    if (chart.empty) {
      const known = columns[0].some(value => value !== null);
      chart.empty.hidden = known;
      chart.place.hidden = !known;
    }
  });
}

function draw(place, { series, values }) {
  const names = Object.keys(series);
  const plot = new uPlot({
    width: place.clientWidth,
    height: HEIGHT,
    series: [{}, ...names.map((name, i) => line(series[name], i + 1))],
    axes: [axis({ values: '{HH}:{mm}:{ss}', incrs: STEPS_SECONDS, space: 90, size: 36 }), axis({ size: 68, values })],
    scales: { y: { range: { min: { hard: 0, soft: 0, mode: 1, pad: 0 }, max: { pad: 0.1 } } } },
    cursor: { drag: { x: false, y: false } },
  }, [[], ...names.map(() => [])], place);
  new ResizeObserver(() => { // it has no width while it is hidden
    if (place.clientWidth > 0) {
      plot.setSize({ width: place.clientWidth, height: HEIGHT });
    }
  }).observe(place);
  return { place, plot, names, empty: byId(`${place.id}-empty`) };
}

/** uPlot itself would round to thousandths. */
function exactly(plot, splits) {
  return splits.map(String);
}

function line(label, number) {
  return {
    label,
    stroke: colour(`--line-${number}`),
    fill: colour(`--under-${number}`),
    width: 1.5,
    points: { show: false },
    value: (plot, value) => value ?? '', // below the pointer
  };
}

function axis(more) {
  const grid = { stroke: colour('--border'), width: 1 };
  return { stroke: colour('--quiet'), grid, ticks: grid, font: `12px ${getComputedStyle(document.body).fontFamily}`, ...more };
}

function colour(name) {
  return getComputedStyle(document.body).getPropertyValue(name).trim();
}

// uPlot has taken the colours of the scheme of then.
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  drawn.forEach(({ plot }) => plot.destroy());
  drawn = [];
});
