// Tables whose rows stay while their contents change, so that a button keeps its focus; and lists that come in pages.
import { element, setText } from './dom.js';
import { complain } from './notices.js';

const PAGE_ROWS = 50;

/**
 * columns: { title, text: item => string } where the text changes, or { title, node: item => Node } for what is made once for
 * each row; numeric: true sets figures to the right. key(item, index): what tells items apart. empty: nodes to show if there are no items.
 */
export class Table {
  constructor(place, { label, columns, key, empty }) {
    this.columns = columns;
    this.key = key;
    this.rows = new Map();
    this.body = element('tbody', { role: 'rowgroup' });
    const titles = columns.map(column => element('th', { scope: 'col', role: 'columnheader', className: classOf(column) }, column.title));
    this.table = element('table', { role: 'table', ariaLabel: label, hidden: true },
      element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' }, ...titles)), this.body);
    this.empty = element('p', { className: 'empty', hidden: true }, ...empty);
    place.append(this.table, this.empty);
  }

  show(items) {
    const before = this.rows;
    this.rows = new Map(items.map((item, i) => {
      const key = this.key(item, i);
      return [key, before.get(key) ?? this.newRow(item)];
    }));
    before.forEach((row, key) => this.rows.has(key) || row.remove());
    let last = null;
    items.forEach((item, i) => {
      const row = this.rows.get(this.key(item, i));
      this.update(row, item);
      const place = last ? last.nextSibling : this.body.firstChild;
      if (row !== place) { // moving a row would take the focus from its button
        this.body.insertBefore(row, place);
      }
      last = row;
    });
    this.table.hidden = items.length === 0;
    this.empty.hidden = items.length !== 0;
  }

  /** Shows nothing: neither items nor that there are none. */
  clear() {
    this.show([]);
    this.empty.hidden = true;
  }

  newRow(item) {
    return element('tr', { role: 'row' }, ...this.columns.map(column => {
      const cell = element('td', { role: 'cell', className: classOf(column) });
      cell.dataset.title = column.title;
      cell.append(column.node ? column.node(item) : element('bdi'));
      return cell;
    }));
  }

  update(row, item) {
    this.columns.forEach((column, i) => {
      if (column.text) {
        setText(row.cells[i].firstChild, String(column.text(item) ?? ''));
      }
    });
  }
}

function classOf(column) {
  return column.numeric ? 'numeric' : '';
}

/** Pages of a table. fetchPage(after, max) gives { items, next }, and begins with an empty after. */
export class Pages {
  constructor(place, options, fetchPage) {
    this.fetchPage = fetchPage;
    this.shown = 0;
    this.table = new Table(place, options);
    this.previous = element('button', { type: 'button', className: 'quiet', textContent: 'Previous', onclick: () => this.back() });
    this.following = element('button', { type: 'button', className: 'quiet', textContent: 'Next', onclick: () => this.forth() });
    const refresh = element('button', { type: 'button', className: 'quiet', textContent: 'Refresh', onclick: () => this.refresh() });
    place.append(element('div', { className: 'row actions' }, this.previous, this.following, refresh));
    this.restart();
  }

  restart() {
    this.afters = [''];
    this.next = null;
  }

  /** Shows nothing, whatever is still under way, until a page is asked for. */
  clear() {
    this.shown++;
    this.restart();
    this.table.clear();
  }

  /** Shows the first page. */
  first() {
    this.restart();
    return this.refresh();
  }

  back() {
    this.afters.pop();
    return this.refresh();
  }

  forth() {
    this.afters.push(this.next);
    return this.refresh();
  }

  /** Shows the present page as it is now. */
  async refresh() {
    const turn = ++this.shown;
    try {
      const page = await this.fetchPage(this.afters.at(-1), PAGE_ROWS);
      if (turn !== this.shown) {
        return; // somebody has gone on
      }
      this.next = page.next;
      this.table.show(page.items);
    } catch (failure) {
      if (turn !== this.shown) {
        return;
      }
      complain(failure.message);
    }
    this.previous.hidden = this.afters.length === 1;
    this.following.hidden = this.next === null;
  }
}
