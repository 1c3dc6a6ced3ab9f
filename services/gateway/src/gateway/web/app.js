// The first page: sign in, bring runs in, see them with pictures and best efforts, follow and print a plan.

import { leaveAccount, showAccount, watchAccount } from "./account.js";
import { attempt, endSession, isSignedIn, say, showPart, whenSessionEnds } from "./acting.js";
import * as api from "./api.js";
import { $, button, element, fill, forget, renewAt } from "./dom.js";
import { showEntrance, showReset, watchEntrance } from "./entrance.js";
import { bare, date, duration, kilometres, localStart, speedOf } from "./format.js";
import { takeOutcome } from "./outcomes.js";
import { keepPerson, showsHeartRate } from "./person.js";
import { showStrava } from "./strava.js";
import { moveWeek, showWeek, startWeek } from "./week.js";

const REFRESH_MS = 4000;
const ACCOUNT = "#account";
const PARTS = { days: showWeek, strava: showStrava, efforts: showEfforts, plans: showPlans, feed: showNewest };
const MAILED = /^#(verify-email|reset-password)=(.+)$/;
let timer = null;
let older = 0;
let nextCursor = null;
let visit = 0;

// Nobody is signed in: what the last one saw goes.
function showWelcome(text = "") {
  clearInterval(timer);
  $("training").hidden = $("account").hidden = $("menu").hidden = true;
  forget([...Object.keys(PARTS), "imports", "who"]);
  leaveAccount();
  keepPerson({});
  // The link of a mail that was opened a moment ago is yet to be followed.
  if (location.hash && !MAILED.test(location.hash)) history.replaceState(null, "", "/");
  $("welcome").hidden = false;
  showEntrance();
  say(text);
}

async function enter() {
  const me = await api.get("/auth/me");
  keepPerson(me);
  $("who").textContent = me.display_name;
  startWeek(me.week_start);
  $("welcome").hidden = true;
  $("menu").hidden = false;
  await showView();
}

/** Show the view that the address names. */
async function showView() {
  const isAccount = location.hash === ACCOUNT;
  clearInterval(timer);
  older = 0;
  leaveAccount();
  $("training").hidden = isAccount;
  $("account").hidden = !isAccount;
  $("to-training").ariaCurrent = isAccount ? null : "page";
  $("to-account").ariaCurrent = isAccount ? "page" : null;
  $(isAccount ? "account" : "training").focus();
  if (isAccount) return showAccount();
  await refresh();
  clearInterval(timer);
  if (!$("training").hidden) timer = setInterval(refreshQuietly, REFRESH_MS);
}

const part = (id) => showPart(id, PARTS[id]);
const refresh = () => Promise.all(Object.keys(PARTS).map(part));

async function refreshQuietly() {
  if (document.hidden || $("training").hidden) return;
  try {
    await refresh();
  } catch (error) {
    if (error.status !== 401) throw error;
    if (isSignedIn()) endSession();
  }
}

// Activities

function activityCard(activity) {
  const picture = activity.thumbnail_url
    ? element("img", { src: activity.thumbnail_url, alt: `Route of ${activity.name}`, width: 200, height: 150, loading: "lazy" })
    : element("div", { className: "no-picture" }, activity.has_map ? "…" : "no route");
  const heart = showsHeartRate() && activity.average_heartrate ? `${Math.round(activity.average_heartrate)} bpm` : "";
  const figures = [kilometres(activity.distance), duration(activity.moving_time),
    speedOf(activity.sport, activity.average_speed),
    activity.elevation_gain === null ? "" : `${Math.round(activity.elevation_gain)} m climb`, heart];
  return element("li", { className: "activity" }, picture, element("div", {},
    element("h3", {}, activity.name),
    element("p", { className: "quiet" }, `${localStart(activity.start_time_local)} · ${activity.sport}`),
    element("p", {}, figures.filter(Boolean).join(" · ")),
    activity.strava_id ? element("a", { href: `https://www.strava.com/activities/${activity.strava_id}`, rel: "noreferrer" }, "View on Strava") : ""));
}

async function showNewest() {
  if (older) return; // whoever looks back must not be thrown to the top
  const page = await api.get("/activities?limit=20");
  fill("feed", { items: page.items, heart: showsHeartRate() },
    ({ items }) => (items.length ? items.map(activityCard) : "No activities yet."));
  showNext(page);
}

async function showOlder() {
  const page = await api.get(`/activities?limit=20&cursor=${encodeURIComponent(nextCursor)}`);
  older += 1;
  renewAt("feed"); // it shows more than the newest from now on
  $("feed").append(...page.items.map(activityCard));
  showNext(page);
}

function showNext(page) {
  nextCursor = page.next_cursor;
  $("more").hidden = !nextCursor;
}

// Best efforts

async function showEfforts() {
  const window = $("window").value;
  const { items } = await api.get(`/analytics/best-efforts-cached?window=${window}`);
  if (window !== $("window").value) return; // another one was chosen meanwhile
  const found = items.filter((item) => item.ranks.length).map(({ distance, ranks: [best] }) => ({ distance, ...best }));
  fill("efforts", { found, window }, () => (found.length ? found.map(effortRow) : noEfforts(window)));
}

const effortRow = (best) => element("tr", {}, element("th", { scope: "row" }, best.distance),
  element("td", {}, duration(best.time)), element("td", {}, bare(best.speed)), element("td", {}, date(best.start_time)));

const noEfforts = (window) => (window === "all" ? "None yet: they come with the first run." : "None in this time.");

// Plans

async function showPlans() {
  const { items } = await api.get("/plans?limit=20");
  fill("plans", items, () => (items.length ? items.map(planItem) : "No plans yet."));
}

function planItem(plan) {
  const print = button("PDF", () => attempt(() => download(plan, print)), { label: `PDF of ${plan.name}` });
  return element("li", {}, element("div", {}, element("strong", {}, plan.name),
    element("p", { className: "quiet" }, `${date(plan.start_date)} to ${date(plan.end_date)}`),
    element("p", { className: "quiet" }, `${plan.completed_count} of ${plan.workout_count} workouts done`)), print);
}

async function download(plan, control) {
  control.disabled = true;
  try {
    const response = await api.request("POST", `/pdf/plans/${plan.id}`, { headers: { Accept: "application/pdf" } });
    const address = URL.createObjectURL(await response.blob());
    element("a", { href: address, download: `${plan.name}.pdf` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  } finally {
    control.disabled = false;
  }
}

// Files

async function bringIn(files) {
  const form = new FormData();
  for (const file of files) form.append("files", file);
  const line = element("li", {}, files.length === 1 ? `Sending ${files[0].name}` : `Sending ${files.length} files`);
  $("imports").prepend(line);
  try {
    let batch = await (await api.request("POST", "/imports", { body: form })).json();
    while (!["done", "failed"].includes(batch.state)) {
      line.textContent = `${batch.done} of ${batch.total}`;
      await new Promise((resolve) => { setTimeout(resolve, 500); });
      batch = await api.get(`/imports/${batch.id}`).catch((error) => { // it goes on without us
        if (api.isAway(error)) return batch;
        throw error;
      });
    }
    line.replaceChildren(...batch.items.map((item) => element("div", {}, `${item.name}: ${item.state}${item.reason ? ` (${item.reason})` : ""}`)));
  } catch (error) {
    line.textContent = error.message;
    if (error.status === 401) throw error;
  }
  older = 0;
  await refresh();
}

function watchFiles() {
  const drop = $("drop");
  $("files").addEventListener("change", ({ target }) => attempt(() => bringIn([...target.files])).then(() => { target.value = ""; }));
  for (const name of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", name === "dragover");
      if (name === "drop" && event.dataTransfer.files.length) attempt(() => bringIn([...event.dataTransfer.files]));
    });
  }
}

// Coming and going

/** Take the token of a mail's link out of the address bar; it must not be kept or seen there. */
function takeMailed() {
  const [, purpose, token] = MAILED.exec(location.hash) ?? [];
  if (token) history.replaceState(null, "", "/");
  return { purpose, token };
}

/** Confirm the address by the token of a mail; return what came of it. */
async function confirmed(token) {
  try {
    await api.post("/auth/verify-email", { token });
    return "The address is confirmed.";
  } catch (error) {
    if (error instanceof api.Refused && !api.isAway(error)) return error.message;
    throw error;
  }
}

/** Go on with the session of the last visit; while nobody can say whether there is one, ask again. */
async function start({ purpose, token }) {
  visit += 1;
  const present = visit; // the link of a mail may begin another one meanwhile
  try {
    if (purpose === "reset-password") {
      endSession("");
      return showReset(token);
    }
    const outcome = purpose ? await confirmed(token) : takeOutcome();
    const isKnown = await api.renew();
    if (present !== visit) return;
    if (isKnown) await enter();
    else showWelcome();
    if (outcome) say(outcome);
  } catch (error) {
    if (!api.isAway(error)) throw error;
    say("Running Trainer does not answer just now. This page goes on as soon as it does.");
    setTimeout(() => present === visit && attempt(() => start({ purpose, token })), REFRESH_MS);
  }
}

async function follow() {
  const mailed = takeMailed();
  if (mailed.token) await start(mailed);
  else if (isSignedIn()) await showView();
}

whenSessionEnds(showWelcome);
watchEntrance(enter);
watchAccount();
watchFiles();
$("sign-out").addEventListener("click", () => attempt(async () => { await api.signOut(); showWelcome(); }));
$("window").addEventListener("change", () => attempt(() => part("efforts")));
$("more").addEventListener("click", () => attempt(showOlder));
$("week-before").addEventListener("click", () => attempt(() => { moveWeek(-1); return part("days"); }));
$("week-after").addEventListener("click", () => attempt(() => { moveWeek(1); return part("days"); }));
document.addEventListener("visibilitychange", refreshQuietly);
addEventListener("hashchange", () => attempt(follow));
attempt(() => start(takeMailed()));
