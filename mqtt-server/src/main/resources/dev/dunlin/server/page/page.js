// The page: gets the token, follows the broker's samples, and shows the view that the address names.
import { byId, setText, time } from './dom.js';
import { NoAnswer, Refused, call, follow, path, query, setToken, token } from './api.js';
import { complainUnlessAway, say } from './notices.js';
import { showAll, showFigures } from './figures.js';
import { showHistory } from './charts.js';
import { showClient, showClients, showSlow } from './clients.js';
import { showTopics } from './topics.js';
import { offerListeners } from './messages.js';
import { offerClient, stopTrace } from './traces.js';
import './reload.js';

const RETRY_MS = 2_000;
const SLOW_EVERY_MS = 3_000;
const HISTORY_SECONDS = 300;

let following = false;
let stream = null; // an AbortController, of the samples that are followed
let historyUnderWay = false;

// ---- token

/** Whether there was one. */
function takeTokenFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given) {
    setToken(given);
    history.replaceState(null, '', location.pathname + '#overview'); // it is not to be bookmarked
  }
  return Boolean(given);
}

function askForToken(reason) {
  stopTrace(); // of the token before: its button is about to go
  document.querySelectorAll('[data-view]').forEach(view => { view.hidden = true; });
  byId('views').hidden = true;
  byId('token').hidden = false;
  byId('token-reason').textContent = reason;
  byId('token-field').focus();
  broker('A token is needed', 'bad');
}

byId('token-form').addEventListener('submit', event => {
  event.preventDefault();
  setToken(byId('token-field').value.trim());
  byId('token-field').value = '';
  begin();
});

// ---- the broker's samples

function broker(text, kind) {
  setText(byId('broker'), text);
  byId('broker').dataset.state = kind;
}

/** Follows the samples until the token is refused; whatever else happens, it tries again. */
async function followSamples() {
  if (following) {
    return;
  }
  following = true;
  try {
    do {
      await untilSeen();
      stream = new AbortController();
    } while (await followOnce(stream.signal));
  } catch (failure) {
    broker(`This page has failed: ${failure.message}`, 'bad');
    throw failure;
  } finally {
    following = false;
  }
}

/** Follows the samples of one connection. Whether there is to be another one. */
async function followOnce(stopped) {
  try {
    showOverview(await call('GET', path('overview')));
    await follow(path('stream'), showSample, stopped);
    broker('Reconnecting. The broker has ended the connection.', 'bad');
  } catch (failure) {
    if (!(failure instanceof Refused || failure instanceof NoAnswer)) {
      throw failure;
    }
    if (stopped.aborted) {
      return true; // by this page, which begins anew
    }
    if (failure.status === 401) {
      askForToken("The broker doesn't accept this token. Without a token of yours it makes another one at each start.");
      return false;
    }
    broker(`Reconnecting. ${failure.message}`, 'bad');
  }
  document.body.classList.add('stale');
  await new Promise(resolve => setTimeout(resolve, RETRY_MS));
  return true;
}

async function untilSeen() {
  while (document.hidden) {
    await new Promise(resolve => document.addEventListener('visibilitychange', resolve, { once: true }));
  }
}

function stopStream() {
  document.body.classList.add('stale');
  stream?.abort();
}

// A browser has six connections to an origin for all its tabs: those that nobody looks at leave them to the others.
document.addEventListener('visibilitychange', () => document.hidden && stopStream());

function showOverview(overview) {
  byId('version').textContent = overview.version;
  byId('about').textContent = `Runs since ${time(overview.startedAt)}. Store: ${overview.store}. Durability: ${overview.durability}.`;
  offerListeners(overview.listeners);
  if (byId('views').hidden) {
    byId('views').hidden = false;
    byId('token').hidden = true;
    showView();
  }
}

function showSample(sample) {
  document.body.classList.remove('stale');
  broker('Connected', 'good');
  showFigures(sample);
  if (!byId('overview').hidden) {
    refreshHistory();
  }
}

async function refreshHistory() {
  if (historyUnderWay) {
    return;
  }
  historyUnderWay = true;
  try {
    showHistory(await call('GET', query(path('history'), { seconds: HISTORY_SECONDS })));
  } catch (failure) {
    complainUnlessAway(failure);
  }
  historyUnderWay = false;
}

setInterval(() => document.hidden || byId('overview').hidden || document.body.classList.contains('stale') || showSlow(), SLOW_EVERY_MS);

// ---- views

const VIEWS = {
  overview: showSlow,
  clients: showClients,
  client: showClient,
  topics: showTopics,
  messages: () => {},
  traces: offerClient,
  figures: showAll,
};

function showView() {
  const [name, argument] = location.hash.slice(1).split('=', 2);
  const view = Object.hasOwn(VIEWS, name) ? name : 'overview';
  document.querySelectorAll('[data-view]').forEach(section => { section.hidden = section.id !== view; });
  document.querySelectorAll('#views a').forEach(link => {
    const current = link.hash === '#' + view || (view === 'client' && link.hash === '#clients');
    link.ariaCurrent = current ? 'page' : null;
  });
  VIEWS[view](decoded(argument ?? ''));
}

/** What somebody has typed without encoding it is taken as it is. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function begin() {
  if (token()) {
    followSamples();
  } else {
    askForToken('');
  }
}

// Who goes elsewhere has read what was said.
document.addEventListener('click', event => event.target.closest('a') && say(''));

// The address names the view: it is left as it is.
document.querySelector('.skip').addEventListener('click', event => {
  event.preventDefault();
  byId('content').focus();
});

addEventListener('hashchange', () => {
  if (takeTokenFromAddress()) {
    stopStream();
    stopTrace();
    begin();
  }
  if (!byId('views').hidden) {
    showView();
    document.querySelector('[data-view]:not([hidden]) h2').focus(); // what is read next, and where Tab goes on
  }
});

takeTokenFromAddress();
begin();
