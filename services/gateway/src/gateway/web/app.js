// The first page: sign in, bring runs in, see them with pictures and best efforts, follow and print a plan.

import * as api from "./api.js";
import { $, button, element, excuse, fill, forget, renewAt } from "./dom.js";
import { bare, date, duration, kilometres, localStart, speedOf } from "./format.js";
import { moveWeek, showWeek, startWeek } from "./week.js";

const REFRESH_MS = 4000;
const SESSION_OVER = "The session has ended. Sign in again.";
const AWAY = "Not available just now. It will be shown here as soon as it is.";
const PARTS = { days: showWeek, strava: showStrava, efforts: showEfforts, plans: showPlans, feed: showNewest };
let timer = null;
let older = 0;
let nextCursor = null;

function say(text) {
  $("notice").textContent = text;
  $("notice").hidden = !text;
}

/** Do something a person asked for; what goes wrong is said in words, and a lost session asks to sign in. */
async function attempt(work) {
  try {
    say("");
    await work();
  } catch (error) {
    if (error.status === 401 && !$("training").hidden) return showWelcome(SESSION_OVER);
    say(error.message);
    if (!(error instanceof api.Refused)) throw error;
  }
}

function showWelcome(text = "") {
  clearInterval(timer);
  $("training").hidden = $("account").hidden = true;
  forget([...Object.keys(PARTS), "imports", "who"]);
  $("welcome").hidden = false;
  $("sign-in").elements.email.focus();
  say(text);
}

async function showTraining() {
  const me = await api.get("/auth/me");
  $("who").textContent = me.display_name;
  startWeek(me.week_start);
  older = 0;
  $("welcome").hidden = true;
  $("training").hidden = $("account").hidden = false;
  $("training").focus();
  await refresh();
  clearInterval(timer);
  timer = setInterval(refreshQuietly, REFRESH_MS);
}

// A part that cannot be read says so in its place; the others work.
async function part(id) {
  try {
    await PARTS[id]();
  } catch (error) {
    if (error.status === 401) throw error;
    excuse(id, isAway(error) ? AWAY : error.message);
    if (!(error instanceof api.Refused)) throw error;
  }
}

const isAway = ({ status }) => status === 0 || status >= 500;
const refresh = () => Promise.all(Object.keys(PARTS).map(part));

async function refreshQuietly() {
  if (document.hidden || $("training").hidden) return;
  try {
    await refresh();
  } catch (error) {
    if (error.status !== 401) throw error;
    if (!$("training").hidden) showWelcome(SESSION_OVER);
  }
}

// Activities

function activityCard(activity) {
  const picture = activity.thumbnail_url
    ? element("img", { src: activity.thumbnail_url, alt: `Route of ${activity.name}`, width: 200, height: 150, loading: "lazy" })
    : element("div", { className: "no-picture" }, activity.has_map ? "…" : "no route");
  const heart = activity.average_heartrate ? `${Math.round(activity.average_heartrate)} bpm` : "";
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
  fill("feed", page.items, (items) => (items.length ? items.map(activityCard) : "No activities yet."));
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

// Strava

const STRAVA_OUTCOMES = {
  connected: "Strava is connected. Your activities will follow.",
  denied: "Strava was not connected: you did not give the permission.",
  scope_missing: "Strava was not connected: leave “View data about your activities” ticked, there is nothing to fetch without it.",
  athlete_taken: "Strava was not connected: this Strava athlete belongs to another account here.",
  at_capacity: "Strava was not connected: the operator's Strava application may not have more athletes. Files work.",
};

async function showStrava() {
  let status = { configured: false };
  try {
    status = await api.get("/strava/status");
  } catch (error) {
    if (error.problem?.code !== "strava.not_configured") throw error;
  }
  const { configured, state, athlete, sync } = status;
  const isSyncing = ["queued", "running"].includes(sync?.state);
  fill("strava", { configured, state, name: athlete?.name, isSyncing }, stravaContent);
}

function stravaContent({ configured, state, name, isSyncing }) {
  if (!configured) return [];
  if (state === "connected") {
    return [element("p", {}, name ? `Connected to Strava as ${name}. ` : "Connected to Strava. ",
      button(isSyncing ? "Syncing…" : "Sync now", () => attempt(syncNow), { disabled: isSyncing }),
      element("span", { className: "quiet" }, " Powered by Strava"))];
  }
  const lost = state === "degraded" ? [element("p", {}, "Strava has withdrawn the connection.")] : [];
  return [...lost, element("p", {}, button("Connect with Strava", () => attempt(connectStrava), { className: "strava" }))];
}

async function syncNow() {
  await api.post("/strava/sync");
  await part("strava");
}

async function connectStrava() {
  const response = await api.request("GET", "/strava/auth", { headers: { Accept: "application/json" } });
  location.assign((await response.json()).url);
}

function sayStravaOutcome() {
  const outcome = new URLSearchParams(location.search).get("strava");
  if (!outcome) return;
  history.replaceState(null, "", "/");
  say(STRAVA_OUTCOMES[outcome] ?? `Strava was not connected (${outcome.replaceAll("_", " ")}). Try again.`);
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
        if (isAway(error)) return batch;
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

// Signing in

function watchSignIn() {
  const form = $("sign-in");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      const { email, password, display_name: name } = Object.fromEntries(new FormData(form));
      if (!$("name-field").hidden) await api.register({ email, password, display_name: name || email.split("@")[0] });
      await api.signIn(email, password);
      form.reset();
      askToRegister(false);
      await showTraining();
    });
  });
  $("register").addEventListener("click", () => askToRegister($("name-field").hidden));
  $("sign-out").addEventListener("click", () => attempt(async () => { await api.signOut(); showWelcome(); }));
}

function askToRegister(registering) {
  const form = $("sign-in");
  $("name-field").hidden = $("password-hint").hidden = !registering;
  form.elements.password.autocomplete = registering ? "new-password" : "current-password";
  $("sign-in-title").textContent = form.querySelector(".main").textContent = registering ? "Register" : "Sign in";
  $("register").textContent = registering ? "Sign in instead" : "New here? Register";
}

/** Go on with the session of the last visit; while nobody can say whether there is one, ask again. */
async function start() {
  try {
    if (await api.renew()) await showTraining();
    else showWelcome();
    say("");
    sayStravaOutcome();
  } catch (error) {
    if (!isAway(error)) throw error;
    say("Running Trainer does not answer just now. This page goes on as soon as it does.");
    setTimeout(start, REFRESH_MS);
  }
}

watchSignIn();
watchFiles();
$("window").addEventListener("change", () => attempt(() => part("efforts")));
$("more").addEventListener("click", () => attempt(showOlder));
$("week-before").addEventListener("click", () => attempt(() => { moveWeek(-1); return part("days"); }));
$("week-after").addEventListener("click", () => attempt(() => { moveWeek(1); return part("days"); }));
document.addEventListener("visibilitychange", refreshQuietly);
attempt(start);
