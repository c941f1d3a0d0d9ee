// Has the broker read its files again, and shows what came of it.
import { byId, element } from './dom.js';
import { call, path } from './api.js';
import { confirmed, tell } from './notices.js';

byId('reload').addEventListener('click', async () => {
  byId('reload-report').hidden = true;
  if (await confirmed('Read the configuration, certificates, passwords and rules again, as SIGHUP does?', 'Reload')) {
    await tell(async () => {
      showReport(await call('POST', path('reload')));
      return 'The broker has read its files again.';
    });
  }
});

function showReport({ reloaded, needRestart }) {
  list('reload-done', reloaded);
  list('reload-restart', needRestart);
  byId('reload-none').hidden = reloaded.length > 0 || needRestart.length > 0;
  byId('reload-report').hidden = false;
}

function list(place, sentences) {
  byId(place).hidden = sentences.length === 0;
  byId(place).querySelector('ul').replaceChildren(...sentences.map(sentence => element('li', { textContent: sentence })));
}
