// The first page: sign in, bring runs in, see them with pictures and best efforts, print a plan.

import * as api from "./api.js";
import { date, duration, kilometres, localStart, pace, speedOf } from "./format.js";

const REFRESH_MS = 4000;
const $ = (id) => document.getElementById(id);
const pages = [];
let timer = null;

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

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
    if (error.status === 401 && !$("training").hidden) return showWelcome("The session has ended. Sign in again.");
    say(error.message);
    if (!(error instanceof api.Refused)) throw error;
  }
}

function showWelcome(text = "") {
  clearInterval(timer);
  $("training").hidden = $("account").hidden = true;
  $("welcome").hidden = false;
  say(text);
}

async function showTraining() {
  const me = await api.get("/auth/me");
  $("who").textContent = me.display_name;
  $("welcome").hidden = true;
  $("training").hidden = $("account").hidden = false;
  await refreshAll();
  clearInterval(timer);
  timer = setInterval(() => { if (!document.hidden) refreshQuietly(); }, REFRESH_MS);
}

// A part that cannot be read says so in its place; the others work.
async function part(id, work) {
  try {
    await work();
  } catch (error) {
    if (error.status === 401) throw error;
    $(id).replaceChildren(element($(id).tagName === "TBODY" ? "tr" : "li", { className: "quiet" },
      element($(id).tagName === "TBODY" ? "td" : "span", { colSpan: 4 }, error.message)));
  }
}

const refreshAll = () => Promise.all([
  part("feed", () => showFeed()), part("efforts", showEfforts), part("plans", showPlans), part("strava", showStrava),
]);

async function refreshQuietly() {
  try {
    if (pages.length <= 1) await Promise.all([part("feed", () => showFeed()), part("efforts", showEfforts)]);
    await part("strava", showStrava);
  } catch {
    showWelcome("The session has ended. Sign in again.");
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

async function showFeed(cursor = null) {
  const page = await api.get(`/activities?limit=20${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
  if (!cursor) pages.length = 0;
  const shown = JSON.stringify(page.items);
  if (!cursor && $("feed").dataset.shown === shown) { pages.push(page); return; }
  if (!cursor) $("feed").replaceChildren();
  pages.push(page);
  $("feed").append(...page.items.map(activityCard));
  $("feed").dataset.shown = pages.length === 1 ? shown : "";
  if (!page.items.length && pages.length === 1) $("feed").append(element("li", { className: "quiet" }, "No activities yet."));
  $("more").hidden = !page.next_cursor;
}

// Best efforts

async function showEfforts() {
  const { items } = await api.get(`/analytics/best-efforts-cached?window=${$("window").value}`);
  const rows = items.filter((item) => item.ranks.length).map(({ distance, ranks: [best] }) => element("tr", {},
    element("th", { scope: "row" }, distance), element("td", {}, duration(best.time)),
    element("td", {}, pace(best.speed)), element("td", {}, date(best.start_time))));
  const none = element("tr", {}, element("td", { colSpan: 4, className: "quiet" }, "None yet: they come with the first run."));
  $("efforts").replaceChildren(...(rows.length ? rows : [none]));
}

// Plans

async function showPlans() {
  const { items } = await api.get("/plans?limit=20");
  const rows = items.map((plan) => element("li", {}, `${plan.name} `,
    element("span", { className: "quiet" }, `${date(plan.start_date)} to ${date(plan.end_date)} `),
    element("button", { type: "button", onclick: () => attempt(() => download(plan)) }, "PDF")));
  $("plans").replaceChildren(...(rows.length ? rows : [element("li", { className: "quiet" }, "No plans yet.")]));
}

async function download(plan) {
  const response = await api.request("POST", `/pdf/plans/${plan.id}`, { headers: { Accept: "application/pdf" } });
  const address = URL.createObjectURL(await response.blob());
  element("a", { href: address, download: `${plan.name}.pdf` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

// Strava

const STRAVA_OUTCOMES = {
  connected: "Strava is connected. Your activities will follow.",
  denied: "Strava was not connected: you did not give the permission.",
};

async function showStrava() {
  let content;
  try {
    content = stravaContent(await api.get("/strava/status"));
  } catch (error) {
    if (error.problem?.code !== "strava.not_configured") throw error;
    content = [];
  }
  const shown = content.map((part) => part.outerHTML ?? part).join();
  if ($("strava").dataset.shown === shown) return;
  $("strava").dataset.shown = shown;
  $("strava").replaceChildren(...content);
}

function stravaContent(status) {
  const connect = (text) => element("button", { type: "button", className: "strava", onclick: () => attempt(connectStrava) }, text);
  if (status.state === "connected") {
    return [element("p", {}, "Strava is connected. ",
      element("button", { type: "button", onclick: () => attempt(() => api.post("/strava/sync")) }, "Sync now"),
      element("span", { className: "quiet" }, " Powered by Strava"))];
  }
  const text = status.state === "degraded" ? "Strava has withdrawn the connection. " : "";
  return [element("p", {}, text, connect("Connect with Strava"))];
}

async function connectStrava() {
  const response = await api.request("GET", "/strava/auth", { headers: { Accept: "application/json" } });
  location.assign((await response.json()).url);
}

// Files

async function bringIn(files) {
  const form = new FormData();
  for (const file of files) form.append("files", file);
  const line = element("li", {}, `${files.length} file(s): sending`);
  $("imports").prepend(line);
  try {
    let batch = await (await api.request("POST", "/imports", { body: form })).json();
    while (!["done", "failed"].includes(batch.state)) {
      line.textContent = `${batch.done} of ${batch.total}`;
      await new Promise((resolve) => { setTimeout(resolve, 500); });
      batch = await api.get(`/imports/${batch.id}`);
    }
    line.replaceChildren(...batch.items.map((item) => element("div", {}, `${item.name}: ${item.state}${item.reason ? ` (${item.reason})` : ""}`)));
  } catch (error) {
    line.textContent = error.message;
    if (error.status === 401) throw error;
  }
  await refreshAll();
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
  const person = () => Object.fromEntries(new FormData(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      const { email, password, display_name: name } = person();
      if (!$("name-field").hidden) await api.register({ email, password, display_name: name || email.split("@")[0] });
      await api.signIn(email, password);
      form.reset();
      await showTraining();
    });
  });
  $("register").addEventListener("click", () => {
    const registering = $("name-field").hidden;
    $("name-field").hidden = !registering;
    $("sign-in-title").textContent = form.querySelector(".main").textContent = registering ? "Register" : "Sign in";
    $("register").textContent = registering ? "Sign in instead" : "New here? Register";
  });
  $("sign-out").addEventListener("click", () => attempt(async () => { await api.signOut(); showWelcome(); }));
}

function sayStravaOutcome() {
  const outcome = new URLSearchParams(location.search).get("strava");
  if (!outcome) return;
  history.replaceState(null, "", "/");
  say(STRAVA_OUTCOMES[outcome] ?? `Strava was not connected (${outcome.replaceAll("_", " ")}). Try again.`);
}

watchSignIn();
watchFiles();
$("window").addEventListener("change", () => attempt(showEfforts));
$("more").addEventListener("click", () => attempt(() => showFeed(pages.at(-1).next_cursor)));
attempt(async () => {
  if (await api.renew()) await showTraining();
  else showWelcome();
  sayStravaOutcome();
});
