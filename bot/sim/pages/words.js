// Small things that all parts of the page need: elements, times, words with links.

/** An element: el("button.key", {type: "button", onclick}, child, …). */
export function el(what, traits = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(traits)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

/** A key that can be pressed: button("button.key", label or icon, onclick, {more traits}). */
export function button(what, label, onclick, traits = {}) {
  return el(what, { type: "button", onclick, ...traits }, ...[label].flat());
}

/** A link to another site. */
export function outside(href, ...label) {
  return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...label);
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `/sim/static/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

export function face(phone) {
  const node = el("span.face", { "aria-hidden": "true" }, phone.avatar);
  node.style.background = phone.color;
  return node;
}

/** Asks the server to do something; says why when it refuses. */
export async function post(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) toast((await answer.json()).error || "没办成，请再试一次");
    return answer.ok;
  } catch {
    toast("连不上模拟器，请看看它是不是还在运行");
    return false;
  }
}

let hiding;
export function toast(words) {
  const node = document.getElementById("toast");
  node.textContent = words;
  node.classList.add("on");
  clearTimeout(hiding);
  hiding = setTimeout(() => node.classList.remove("on"), 2600);
}

const shanghai = new Intl.DateTimeFormat("en-CA", {
  timeZone: "Asia/Shanghai", hourCycle: "h23", weekday: "short", year: "numeric", month: "numeric", day: "numeric",
  hour: "2-digit", minute: "2-digit",
});
const WEEKDAYS = { Sun: "日", Mon: "一", Tue: "二", Wed: "三", Thu: "四", Fri: "五", Sat: "六" };

/** A moment in Shanghai: {date: "5月11日", weekday: "周一", time: "14:05", day: days since 1970}. */
export function moment(ms) {
  const part = Object.fromEntries(shanghai.formatToParts(ms).map((each) => [each.type, each.value]));
  return {
    year: part.year,
    date: `${Number(part.month)}月${Number(part.day)}日`,
    weekday: `周${WEEKDAYS[part.weekday]}`,
    time: `${part.hour}:${part.minute}`,
    day: Math.floor((ms + 8 * 3600e3) / 864e5),
  };
}

/** A time stamp between messages, as a phone words it. */
export function stamp(ms, now) {
  const then = moment(ms);
  const ago = moment(now).day - then.day;
  if (ago === 0) return then.time;
  if (ago === 1) return `昨天 ${then.time}`;
  if (ago < 7) return `${then.weekday} ${then.time}`;
  return `${then.date} ${then.time}`;
}

const LINK = /<a\s[^>]*?href\s*=\s*["']([^"']*)["'][^>]*>(.*?)<\/a>|(https?:\/\/[^\s<>"'，。；、）】」]+)/gis;

/** Words as nodes; links become tappable, links that speak call say(words, id). */
export function rich(text, say) {
  const nodes = [];
  let end = 0;
  for (const found of text.matchAll(LINK)) {
    const href = (found[1] ?? found[3]).replaceAll("&amp;", "&");
    nodes.push(text.slice(end, found.index), link(href, found[2] ?? found[3], say));
    end = found.index + found[0].length;
  }
  nodes.push(text.slice(end));
  return nodes.filter((node) => node !== "");
}

function link(href, label, say) {
  if (href.startsWith("weixin://bizmsgmenu")) {
    const query = new URLSearchParams(href.slice(href.indexOf("?") + 1));
    const words = query.get("msgmenucontent") || label;
    return button("button", label, () => say(words, query.get("msgmenuid") || "0"));
  }
  if (/^https?:\/\//.test(href)) return outside(href, label);
  return label;
}
