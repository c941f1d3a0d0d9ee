// Elements. Whatever comes from clients, such as identifiers and topics, is hostile: it is only ever put in as text.

export const byId = id => document.getElementById(id);

/** An element with these properties, and with children that are elements or text. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Text of clients: kept apart from its surroundings, in whichever direction it is written. */
export function foreign(text) {
  return element('bdi', { textContent: text });
}

/** Sets a text only if it is another, so that nothing is announced or drawn again without need. */
export function setText(place, text) {
  if (place.textContent !== text) {
    place.textContent = text;
  }
}

/** A time of the API as it is read: seconds are enough. */
export function time(iso) {
  return iso ? iso.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC') : '';
}

export function yesNo(value) {
  return value ? 'yes' : 'no';
}
