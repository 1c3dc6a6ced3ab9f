// Numbers and dates as runners read them; 24-hour clock and Australian dates until the person chooses otherwise.

const LOCALE = "en-AU";

export function duration(seconds) {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const [hours, ...rest] = parts;
  const shown = hours ? [hours, ...rest.map((part) => String(part).padStart(2, "0"))] : [rest[0], String(rest[1]).padStart(2, "0")];
  return shown.join(":");
}

export const kilometres = (metres) => `${(metres / 1000).toFixed(2)} km`;

/** Pace for runs (min/km) from m/s; nothing for standing still. */
export const pace = (speed) => (speed ? `${duration(1000 / speed)} /km` : "");

export const speedOf = (sport, speed) => {
  if (!speed) return "";
  return /Run|Walk|Hike/.test(sport) ? pace(speed) : `${(speed * 3.6).toFixed(1)} km/h`;
};

const day = new Intl.DateTimeFormat(LOCALE, { weekday: "short", day: "numeric", month: "short", year: "numeric" });
const clock = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** A local start as it stands in the text, whatever zone the browser is in. */
export function localStart(text) {
  const local = new Date(text.slice(0, 19));
  return `${day.format(local)}, ${clock.format(local)}`;
}

export const date = (text) => day.format(new Date(text.length > 10 ? text : `${text}T12:00:00`));
