// The Temporal UI as operators see it, in a real browser: a sync that waits, the word that lets it go on, its story.
// With STILLPOINT_SCREENSHOTS=<folder> the pages are kept there as pictures (npm run screenshots).
import { join } from 'node:path';
import { chromium as playwright } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { chromium } from '../../tools/browser/chromium.ts';
import { PATIENCE, aWaitingSync } from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { Application, World } from './world.ts';

const SCREENSHOTS = process.env['STILLPOINT_SCREENSHOTS'];
const WORD = { by: 'ada', reason: 'the agent is broken' };
const BROWSER_IS_MADE_WITHIN_MS = 900_000;

let world: World;
let browser: Browser;
beforeAll(async () => {
  const executablePath = await chromium((line) => process.stdout.write(`${line}\n`));
  [world, browser] = await Promise.all([openWorld(), playwright.launch({ executablePath })]);
}, BROWSER_IS_MADE_WITHIN_MS);
afterAll(() => Promise.all([browser.close(), world.close()]));

it('the Temporal UI finds a sync that waits, says for what, takes a person’s word, and tells the story', async () => {
  const { application, run } = await aWaitingSync(world);
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.setDefaultTimeout(PATIENCE.timeout);
  await findsWhatWaits(page, application, run);
  await saysForWhat(page, application);
  await takesAWord(page);
  await application.copyStatus('Completed');
  expect((await application.report(run)).copy).toMatchObject({ by: WORD.by });
  await tellsTheStory(page);
  await page.close();
  await application.remove();
});

async function findsWhatWaits(page: Page, { source }: Application, run: string): Promise<void> {
  const query = `SyncPhase = 'WaitingForTrigger' AND SyncSource = '${source.namespace}/${source.name}'`;
  const view = `/namespaces/default/workflows?query=${encodeURIComponent(query)}`;
  await page.goto(inject('stack').temporalUi + view);
  await page.getByRole('link', { name: run }).waitFor();
  await picture(page, 'syncs-that-wait');
  await page.getByRole('link', { name: run }).click();
  await page.getByText('the trigger is overdue after this').first().waitFor();
  await picture(page, 'a-sync-that-waits');
}

// What a workflow says of itself is rendered in frames of their own.
async function saysForWhat(page: Page, { pvc }: Application): Promise<void> {
  await page.getByText('User Metadata').locator('visible=true').first().click();
  const details = page.frameLocator('iframe >> nth=2');
  for (const text of ['WaitingForTrigger', `${pvc.namespace}/${pvc.name}`, 'waiting since'])
    await details.getByText(text).waitFor();
  await picture(page, 'what-it-waits-for');
}

async function takesAWord(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'More Actions' }).locator('visible=true').click();
  await page.getByText('Send an Update').locator('visible=true').click();
  const dialog = page.getByRole('dialog').locator('visible=true');
  await dialog.getByTestId('update-select-button').click();
  await dialog.getByText('Take the copy now, without a trigger').click();
  await dialog.getByRole('textbox').last().fill(JSON.stringify(WORD));
  await dialog.getByTestId('update-id').focus(); // The text is laid out anew, and the button moves, when it is left.
  await picture(page, 'a-person-proceeds');
  await dialog.getByTestId('confirm-modal-button').click();
}

async function tellsTheStory(page: Page): Promise<void> {
  await page.goto(page.url().replace('/user-metadata', '/history'));
  const beats = [
    'validate and ask the application',
    'freeze, cut, release',
    'carry the copy away',
    'release, report and clean up',
  ];
  for (const beat of beats) await page.getByText(beat).first().waitFor();
  await page.getByText('"releasedTime"').first().waitFor(); // In its result.
  await picture(page, 'a-sync-that-has-ended');
}

async function picture(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS !== undefined) await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}
