// What the page says, and asks.
import { NoAnswer } from './api.js';
import { byId } from './dom.js';

/** Says how something went, in the line below the head. An empty text takes it away. */
export function say(text) {
  show(text, false);
}

/** Says that something failed. */
export function complain(text) {
  show(text, true);
}

/** Says that something failed that nobody has asked for. That the broker is away is said at the head of the page. */
export function complainUnlessAway(failure) {
  if (!(failure instanceof NoAnswer)) {
    complain(failure.message);
  }
}

function show(text, bad) {
  const outcome = byId('outcome');
  outcome.classList.toggle('bad', bad);
  outcome.textContent = text;
}

/** Does something, and says what comes of it. The promise never fails. */
export async function tell(action) {
  try {
    say((await action()) ?? '');
  } catch (failure) {
    complain(failure.message);
  }
}

/** Asks before something is done that can't be undone: true if the button with this verb was chosen. */
export function confirmed(question, verb) {
  const dialog = byId('confirm');
  byId('confirm-question').textContent = question;
  byId('confirm-yes').textContent = verb;
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise(resolve =>
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true }));
}
