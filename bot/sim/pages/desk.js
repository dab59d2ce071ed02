// The page: listens to what happens and lets the phones, the clock and the drawer show it.
import { PhoneView } from "./phone.js";
import { WireView } from "./wire.js";
import { button, el, face, moment, post, toast } from "./words.js";

const table = document.getElementById("desk");
const people = document.getElementById("people");
const narrow = matchMedia("(max-width: 760px)");

const desk = {
  title: "手牵手",
  ahead: 0,
  photos: [],
  codes: [],
  now() { return Date.now() + this.ahead; },
  nameOf(openid) { return views.get(openid)?.name || ""; },
};
const views = new Map();
const wire = new WireView(desk);
let current = "";

// -- the clock

function setNow(iso) {
  desk.ahead = Date.parse(iso) - Date.now();
  tick();
}

function tick() {
  const { year, date, weekday, time } = moment(desk.now());
  const node = document.getElementById("time");
  node.firstChild.textContent = time;
  node.lastChild.textContent = `${date} ${weekday}`;
  node.title = `${year}年${date} ${weekday} ${time}（北京时间）`;
  views.forEach((view) => { view.clock.textContent = time; });
}
setInterval(tick, 1000);

document.querySelector(".clock").addEventListener("click", async (event) => {
  const key = event.target.closest("button");
  if (!key) return;
  const keys = document.querySelectorAll(".clock button");
  keys.forEach((each) => { each.disabled = true; });
  const move = key.hasAttribute("data-next") ? { to: "next" } : { minutes: Number(key.dataset.minutes) };
  await post("/sim/clock", move);
  keys.forEach((each) => { each.disabled = false; });
  key.focus();
});

// -- who is looked at

function choose(openid, byHand = false) {
  current = openid;
  views.forEach((view, each) => {
    view.node.classList.toggle("shown", each === openid);
    view.chip.setAttribute("aria-pressed", String(each === openid));
  });
  const view = views.get(openid);
  if (!view) return;
  clearUnread(view);
  view.toEnd();
  if (byHand) {
    view.chip.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (!narrow.matches) view.node.scrollIntoView({ behavior: "smooth", block: "nearest", inline: "center" });
    history.replaceState(null, "", `#${encodeURIComponent(view.name)}`);
  }
}

function clearUnread(view) {
  view.unread = 0;
  view.chip.querySelector("i")?.remove();
}

function seen(view) {
  if (narrow.matches) return view.openid === current;
  const { left, right } = view.node.getBoundingClientRect();
  return left >= -120 && right <= table.getBoundingClientRect().right + 120;
}

function countUnread(view) {
  if (seen(view)) return;
  view.unread += 1;
  view.chip.querySelector("i")?.remove();
  view.chip.append(el("i", { "aria-label": `${view.unread} 条没看的消息` }, String(view.unread)));
}
table.addEventListener("scroll", () => views.forEach((view) => { if (view.unread && seen(view)) clearUnread(view); }), { passive: true });
narrow.addEventListener("change", () => choose(current));

// -- what happens

function hello(state) {
  desk.title = state.title;
  desk.codes = state.codes;
  desk.photos = state.photos;
  document.querySelector("[data-next]").hidden = !state.due;
  setNow(state.now);
  if (!views.size) {
    table.replaceChildren();
    for (const facts of state.phones) {
      const view = new PhoneView(facts, desk);
      view.chip = button("button", [face(facts), el("span.who", {}, facts.name)], () => choose(facts.openid, true), { "aria-pressed": "false", title: facts.role, "aria-label": `${facts.name}，${facts.role}` });
      views.set(facts.openid, view);
      table.append(view.node);
      people.append(view.chip);
    }
    const wanted = decodeURIComponent(location.hash.slice(1));
    const first = state.phones.find((phone) => phone.name === wanted) || state.phones[0];
    if (first) choose(first.openid, first.name === wanted);
  } else {
    state.phones.forEach((facts) => views.get(facts.openid)?.load(facts));
  }
  views.forEach((view) => { view.setMenu(state.menu); view.toEnd(); });
  wire.load(state.wire, state.mode);
  tick();
}

const handlers = {
  hello,
  line({ openid, line }) {
    const view = views.get(openid);
    view?.add(line);
    if (view && line.bubble.side !== "own") countUnread(view);
  },
  phone({ openid, followed }) { views.get(openid)?.setFollowed(followed); },
  clock({ now }) { setNow(now); },
  menu(menu) { views.forEach((view) => view.setMenu(menu)); },
  codes(codes) { desk.codes = codes; },
  typing({ openid }) { views.get(openid)?.showTyping(); },
  wire(entry) { wire.add(entry); },
};

const events = new EventSource("/sim/events");
for (const [name, handle] of Object.entries(handlers)) {
  events.addEventListener(name, (event) => handle(JSON.parse(event.data)));
}
events.addEventListener("error", () => toast("和模拟器断开了，正在重连……"));
