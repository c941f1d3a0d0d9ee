// Has the broker read its files again, and shows what came of it.
import { byId, element } from './dom.js';
import { call, path } from './api.js';
import { confirmed, tell } from './notices.js';

byId('reload').addEventListener('click', async () => {
  byId('reload-report').hidden = true;
  if (await confirmed('Read the configuration, certificates, passwords and rules again, as SIGHUP does?', 'Reload')) {
    await tell(async () => {
      const report = await reload();
      showReport(report);
      if (report.failed.length > 0) {
        throw new Error("The broker can't use all that it has read again.");
      }
      return 'The broker has read its files again.';
    });
  }
});

/** What came of it, also if some of it has failed: the rest counts already. */
async function reload() {
  try {
    return { ...await call('POST', path('reload')), failed: [] };
  } catch (failure) {
    if (failure.problem?.failed) {
      return failure.problem;
    }
    throw failure;
  }
}

function showReport({ reloaded, needRestart, failed }) {
  list('reload-failed', failed);
  list('reload-done', reloaded);
  list('reload-restart', needRestart);
  byId('reload-none').hidden = [reloaded, needRestart, failed].some(sentences => sentences.length > 0);
  byId('reload-report').hidden = false;
}

function list(place, sentences) {
  byId(place).hidden = sentences.length === 0;
  byId(place).querySelector('ul').replaceChildren(...sentences.map(sentence => element('li', { textContent: sentence })));
}
