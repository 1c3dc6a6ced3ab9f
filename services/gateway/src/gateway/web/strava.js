// The connection to Strava.

import { attempt } from "./acting.js";
import * as api from "./api.js";
import { button, element, fill } from "./dom.js";
import { date, moment } from "./format.js";

export async function showStrava() {
  let status = { configured: false };
  try {
    status = await api.get("/strava/status");
  } catch (error) {
    if (error.code !== "strava.not_configured") throw error;
  }
  const { configured, state, athlete, sync, history, purge } = status;
  const isSyncing = isOpen(sync);
  const waits = waitOf(sync) ?? waitOf(history);
  fill("strava", { configured, state, name: athlete?.name, isSyncing, waits, goesAt: purge?.due_at }, content);
}

const isOpen = (job) => ["queued", "running"].includes(job?.state);

/** How far it has come and when it goes on, of what waits for Strava's limit. */
function waitOf(job) {
  if (!isOpen(job) || !job.resumes_at) return null;
  const here = job.total ? `${job.fetched} of ${job.total} activities are here. ` : "";
  return `${here}Strava allows only so many calls: it goes on at ${moment(job.resumes_at)}.`;
}

function content({ configured, state, name, isSyncing, waits, goesAt }) {
  if (!configured) return [];
  if (state === "connected") {
    return [element("p", {}, name ? `Connected to Strava as ${name}. ` : "Connected to Strava. ",
      button(isSyncing ? "Syncing…" : "Sync now", () => attempt(syncNow), { disabled: isSyncing }),
      element("span", { className: "quiet" }, " Powered by Strava")),
    ...(waits ? [element("p", { className: "quiet" }, waits)] : [])];
  }
  const lost = state === "degraded" ? [element("p", {}, "Strava has withdrawn the connection.")] : [];
  if (goesAt) {
    lost.push(element("p", {}, `What came from Strava is deleted on ${date(goesAt)}, unless you connect again.`));
  }
  return [...lost, element("p", {}, button("Connect with Strava", () => attempt(connect), { className: "strava" }))];
}

async function syncNow() {
  await api.post("/strava/sync");
  await showStrava();
}

async function connect() {
  location.assign((await api.get("/strava/auth")).url);
}
