// Figures of a sample: where the page has a place for one, the drops by reason, and all of them. The broker wrote each as it is
// read; nothing is computed here.
import { byId, setText, time } from './dom.js';
import { Table } from './table.js';

/** The name of a figure as in /metrics, with its labels. */
function nameOf(figure) {
  const labels = Object.entries(figure.label ?? {}).map(([name, value]) => `${name}="${value}"`);
  return labels.length === 0 ? figure.name : `${figure.name}{${labels.join(',')}}`;
}

const places = [...document.querySelectorAll('[data-figure]')];

const drops = new Table(byId('drops'), {
  label: 'Drops by reason',
  key: nameOf,
  columns: [
    { title: 'Reason', text: figure => Object.values(figure.label)[0] },
    { title: 'Deliveries', text: figure => figure.text, numeric: true },
  ],
  empty: ['Nothing was dropped since the start.'],
});

const all = new Table(byId('figure-list'), {
  label: 'All figures',
  key: nameOf,
  columns: [
    { title: 'Name', text: nameOf },
    { title: 'Reads', text: figure => figure.text, numeric: true },
    { title: 'Value', text: figure => figure.value, numeric: true },
    { title: 'Meaning', text: figure => figure.help },
  ],
  empty: ['No sample yet: the broker takes one each second.'],
});

let last = null;

/** Shows a sample: { time, figures, dropsByReason }. */
export function showFigures(sample) {
  last = sample;
  const texts = new Map(sample.figures.map(figure => [nameOf(figure), figure.text]));
  places.forEach(place => setText(place, texts.get(place.dataset.figure) ?? '–'));
  drops.show(sample.dropsByReason.filter(figure => figure.value > 0));
  if (!byId('figures').hidden) {
    showAll();
  }
  const sampled = byId('sampled');
  sampled.dateTime = sample.time;
  setText(sampled, time(sample.time));
}

/** All of the last sample, of which the view of all figures has kept none while it was hidden. */
export function showAll() {
  if (last) {
    all.show([...last.figures, ...last.dropsByReason]);
  }
}
