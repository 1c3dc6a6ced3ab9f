// A week of the calendar: what was planned on each day and what became of it.

import * as api from "./api.js";
import { $, element, fill } from "./dom.js";
import { duration, isoDay, kilometres, roundKilometres, shortDate, weekday } from "./format.js";

const FIRST_DAYS = { sun: 0, mon: 1, sat: 6 };
const TITLES = new Map([[-1, "Last week"], [0, "This week"], [1, "Next week"]]);
const STATES = { skipped: "Skipped", completed: "Done" };
let firstDay = FIRST_DAYS.mon;
let offset = 0;

/** Begin with the present week, on the day on which the person's weeks begin. */
export function startWeek(weekStart) {
  firstDay = FIRST_DAYS[weekStart] ?? FIRST_DAYS.mon;
  offset = 0;
}

export function moveWeek(weeks) {
  offset += weeks;
}

/** Read the week and show it. */
export async function showWeek() {
  const asked = offset;
  const days = daysOf(new Date());
  $("week-title").textContent = TITLES.get(offset) ?? `Week of ${shortDate(days[0])}`;
  const { items } = await api.get(`/calendar?from=${days[0]}&to=${days[6]}`);
  if (asked !== offset) return; // another week was chosen meanwhile
  fill("days", { days, items, today: isoDay(new Date()) }, dayCards);
}

function daysOf(now) {
  const back = (now.getDay() - firstDay + 7) % 7;
  return Array.from({ length: 7 }, (_, at) =>
    isoDay(new Date(now.getFullYear(), now.getMonth(), now.getDate() - back + 7 * offset + at)));
}

function dayCards({ days, items, today }) {
  if (!items.length) return "Nothing planned and nothing run.";
  const runs = new Map(items.filter((item) => item.type === "run").map((run) => [run.id, run]));
  return days.map((day) => {
    const here = items.filter((item) => item.date === day);
    const planned = here.filter((item) => item.type === "workout");
    const extra = here.filter((item) => item.type === "run" && !item.workout_id);
    return element("li", { className: day === today ? "today" : "" },
      element("h3", {}, weekday(day), " ", element("span", { className: "quiet" }, day === today ? "today" : shortDate(day))),
      ...planned.map((workout) => plannedEntry(workout, runs.get(workout.run_id), today)),
      ...extra.map((run) => element("p", { className: "done" }, element("strong", {}, run.name), figures(run))));
  });
}

function plannedEntry(workout, run, today) {
  const isMissed = workout.status === "planned" && workout.date < today;
  const state = isMissed ? "Not done" : STATES[workout.status] ?? "Planned";
  const { distance, duration: time } = workout.planned;
  const size = distance ? roundKilometres(distance) : time ? duration(time) : "";
  return element("p", { className: workout.status === "completed" ? "done" : "" },
    element("strong", {}, workout.name),
    size ? element("span", { className: "quiet" }, size) : "",
    element("span", { className: "state" }, state),
    run ? figures(run) : "");
}

const figures = (run) => element("span", {}, `${kilometres(run.distance)} in ${duration(run.duration)}`);
