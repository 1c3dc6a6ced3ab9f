// Numbers and dates as runners read them; 24-hour clock and Australian dates until the person chooses otherwise.

const LOCALE = "en-AU";

export function duration(seconds) {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const [hours, ...rest] = parts;
  const shown = hours ? [hours, ...rest.map((part) => String(part).padStart(2, "0"))] : [rest[0], String(rest[1]).padStart(2, "0")];
  return shown.join(":");
}

/** Some seconds in words, rounded up to minutes when there are more than 90. */
export function period(seconds) {
  const [count, unit] = seconds > 90 ? [Math.ceil(seconds / 60), "minute"] : [Math.ceil(seconds), "second"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** The text with a full stop, unless it ends a sentence already. */
export const sentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);

export const megabytes = (bytes) => (bytes < 1e5 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

export const kilometres = (metres) => `${(metres / 1000).toFixed(2)} km`;

/** Pace for runs (min/km) from m/s; nothing for standing still. */
export const bare = (speed) => (speed ? duration(1000 / speed) : "");
export const pace = (speed) => (speed ? `${bare(speed)} /km` : "");

export const speedOf = (sport, speed) => {
  if (!speed) return "";
  return /Run|Walk|Hike/.test(sport) ? pace(speed) : `${(speed * 3.6).toFixed(1)} km/h`;
};

const oneDecimal = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });
export const roundKilometres = (metres) => `${oneDecimal.format(metres / 1000)} km`;

const day = new Intl.DateTimeFormat(LOCALE, { weekday: "short", day: "numeric", month: "short", year: "numeric" });
const plainDay = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", year: "numeric" });
const shortDay = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const nameOfDay = new Intl.DateTimeFormat(LOCALE, { weekday: "short" });
const clock = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** A local start as it stands in the text, whatever zone the browser is in. */
export function localStart(text) {
  const local = new Date(text.slice(0, 19));
  return `${day.format(local)}, ${clock.format(local)}`;
}

/** A moment as the clock shows it where the browser is. */
export const moment = (text) => `${plainDay.format(new Date(text))}, ${clock.format(new Date(text))}`;

// A day without a time is that day everywhere: noon keeps it so.
const noonOf = (text) => new Date(text.length > 10 ? text : `${text}T12:00:00`);
export const date = (text) => plainDay.format(noonOf(text));
export const shortDate = (text) => shortDay.format(noonOf(text));
export const weekday = (text) => nameOfDay.format(noonOf(text));

/** The day of a moment where the browser is, as the API writes it. */
export const isoDay = (moment) =>
  [moment.getFullYear(), moment.getMonth() + 1, moment.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
