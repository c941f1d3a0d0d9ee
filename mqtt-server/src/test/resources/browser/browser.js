'use strict';
// Pages in Chromium for Browser.java. A command is a line of form-encoded fields on stdin, its answer such a line on stdout; what a
// page complains of, and what it requests, comes in lines of its own. Ends when stdin does.
const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const { chromium } = require('playwright-core');

const TIMEOUT_MS = 10_000;

const pages = new Map();
const commands = { open, text, click, fill, press, evaluate, audit, shoot, close };
let browser = null;

readline.createInterface({ input: process.stdin })
  .on('line', line => execute(new URLSearchParams(line)))
  .on('close', async () => {
    await (await browser)?.close();
    process.exit();
  });

async function execute(command) {
  let outcome;
  try {
    outcome = { answer: await commands[command.get('do')](command) ?? '' };
  } catch (error) {
    outcome = { error: String(error) };
  }
  say({ call: command.get('call'), ...outcome });
}

function say(fields) {
  process.stdout.write(new URLSearchParams(fields) + '\n');
}

async function open(command) {
  const context = pages.get(command.get('beside'))?.context() ?? await newContext(command);
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  const name = command.get('page');
  pages.set(name, page);
  const tell = (what, text) => say({ page: name, what, text });
  page.on('console', message => ['error', 'warning'].includes(message.type()) && tell('complaint', message.text()));
  page.on('pageerror', error => tell('complaint', error.stack));
  page.on('request', request => tell('request', request.url()));
  page.on('websocket', socket => tell('request', socket.url()));
  await page.goto(command.get('url'));
}

/** As a browser of its own: with nothing in common with the others. */
async function newContext(command) {
  browser ??= chromium.launch({
    executablePath: executable('chromium'),
    args: ['--ignore-certificate-errors-spki-list=' + command.get('trusted')],
  });
  return (await browser).newContext({
    viewport: { width: Number(command.get('width')), height: Number(command.get('height')) },
    colorScheme: command.get('scheme'),
    reducedMotion: 'reduce',
  });
}

function executable(name) {
  const found = process.env.PATH.split(path.delimiter).map(folder => path.join(folder, name)).find(file => fs.existsSync(file));
  if (!found) {
    throw new Error(`${name} is not on the PATH`);
  }
  return found;
}

const pageOf = command => pages.get(command.get('page'));
const place = command => pageOf(command).locator(command.get('selector'));

/** What is in the first element that matches, shown or not. */
function text(command) {
  return place(command).first().textContent();
}

function click(command) {
  return place(command).click();
}

function fill(command) {
  return place(command).fill(command.get('text'));
}

/** Presses keys, whose names are in the order of the fields; or types text. */
async function press(command) {
  for (const key of command.getAll('key')) {
    await pageOf(command).keyboard.press(key);
  }
  await pageOf(command).keyboard.type(command.get('text') ?? '');
}

/** The value of an expression; as JSON unless it is text. */
async function evaluate(command) {
  const value = await pageOf(command).evaluate(command.get('expression'));
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What axe finds against the rules of WCAG 2.2 AA, in a line for each kind. */
async function audit(command) {
  const page = pageOf(command);
  if (!await page.evaluate(() => 'axe' in window)) {
    await page.evaluate(fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
  }
  const found = await page.evaluate(() => window.axe.run({
    resultTypes: ['violations'],
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }));
  return found.violations.map(each => `${each.id}: ${each.nodes.map(node => node.html + ' ' + node.failureSummary).join(' | ')}`).join('\n');
}

async function shoot(command) {
  await pageOf(command).evaluate(() => scrollTo(0, 0)); // what sticks to the head of the window
  await pageOf(command).screenshot({ path: command.get('file'), fullPage: true });
}

async function close(command) {
  const context = pageOf(command).context();
  await pageOf(command).close();
  if (context.pages().length === 0) {
    await context.close();
  }
  pages.delete(command.get('page'));
}
