// One phone: the chat, the menu, the keyboard, the panel behind the plus.
import { button, el, face, icon, outside, post, rich, stamp, toast } from "./words.js";

const MARK = "/sim/static/mark.svg";
const GAP = 5 * 60e3;

export class PhoneView {
  constructor(facts, desk) {
    this.desk = desk;
    this.openid = facts.openid;
    this.name = facts.name;
    this.facts = facts;
    this.unread = 0;
    this.shots = 0;
    this.build();
    this.load(facts);
  }

  // -- parts

  build() {
    const { facts } = this;
    this.clock = el("span");
    this.chat = el("div.chat", { role: "log", "aria-live": "polite", "aria-label": `${this.name}和手牵手的对话`, tabindex: "0" });
    this.profile = this.makeProfile();
    this.tries = el("div.tries", { role: "group", "aria-label": "试着说" }, el("span", {}, "试着说"),
      ...facts.says.map((words) => button("button", words, () => this.say(words), { title: words })));
    this.tries.addEventListener("wheel", (event) => { this.tries.scrollLeft += event.deltaY; }, { passive: true });
    this.input = el("input", { type: "text", maxlength: "2000", autocomplete: "off", enterkeyhint: "send", "aria-label": `${this.name}要说的话` });
    this.sendKey = el("button.send", { type: "submit" }, "发送");
    this.plusKey = button("button.key", icon("plus"), () => this.showPanel(this.panel.hidden), { "aria-label": "更多", "aria-expanded": "false" });
    this.form = el("form", { onsubmit: (event) => this.submit(event) }, this.input, this.sendKey, this.plusKey);
    this.input.addEventListener("input", () => this.arm());
    this.input.addEventListener("focus", () => this.showPanel(false));
    this.menu = el("div.menu", { role: "group", "aria-label": "菜单" });
    this.modeKey = button("button.key", [], () => this.setMode(this.menu.hidden ? "menu" : "keys", true));
    this.bar = el("div.bar", {}, this.modeKey, this.form, this.menu);
    this.panel = this.makePanel();
    this.heading = el("h2", {}, this.desk.title);
    this.shell = el("div.shell", {},
      el("div.status", { "aria-hidden": "true" }, this.clock, el("span", {}, icon("signal"), icon("power"))),
      el("div.title", {}, icon("back"), this.heading, icon("dots")),
      this.profile, this.chat, this.tries, this.bar, this.panel);
    this.node = el("section.phone", { "aria-label": `${this.name}的手机`, "data-openid": this.openid },
      el("header.plate", {}, face(facts), el("div", {}, el("b", {}, this.name), el("span", {}, facts.role))),
      this.shell);
    this.node.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { this.closeMenus(); this.closeSheet(); this.showPanel(false); }
    });
    this.shell.addEventListener("click", (event) => { if (!this.menu.contains(event.target)) this.closeMenus(); });
    this.setMode("keys");
    this.arm();
  }

  makeProfile() {
    return el("div.profile", {}, el("img", { src: MARK, alt: "" }), el("h3", {}, this.desk.title), el("p", {}, "服务号 · 有难处说一声，大家伙搭把手"),
      button("button", "关注公众号", () => this.act({ act: "follow" })),
      button("button", "扫支部的二维码关注", () => this.chooseCode()));
  }

  makePanel() {
    const entries = [
      ["camera", "拍照", () => this.photograph()],
      ["mic", "语音", () => this.act({ act: "voice" })],
      ["pin", "位置", () => this.act({ act: "location" })],
      ["scan", "扫码", () => this.chooseCode()],
      ["leave", "取消关注", () => this.confirmLeaving()],
    ];
    const panel = el("div.panel", { role: "group", "aria-label": "更多" }, ...entries.map(([sign, label, run]) =>
      button("button", [el("span", {}, icon(sign)), label], () => { this.showPanel(false); run(); })));
    panel.hidden = true;
    return panel;
  }

  // -- what arrives

  load(facts) {
    this.facts = facts;
    this.last = -Infinity;
    this.chat.replaceChildren();
    facts.lines.forEach((line) => this.append(line));
    this.setFollowed(facts.followed);
    this.toEnd();
  }

  add(line) {
    this.append(line);
    this.toEnd();
  }

  append({ at, bubble }) {
    const time = Date.parse(at);
    if (time - this.last > GAP) this.chat.append(el("p.when", {}, stamp(time, this.desk.now())));
    this.last = time;
    this.chat.append(this.draw(bubble));
  }

  draw(bubble) {
    if (bubble.side === "note") return el("p.note", {}, bubble.text);
    if (bubble.kind === "card") return this.drawCard(bubble);
    const own = bubble.side === "own";
    const avatar = own ? face(this.facts) : el("img.face", { src: MARK, alt: "" });
    const speaker = own ? this.name : this.desk.title;
    return el(own ? "div.row.own" : "div.row", { role: "group", "aria-label": `${speaker}说` }, avatar, this.drawBubble(bubble));
  }

  drawBubble(bubble) {
    const { kind = "text", text = "", rows = [], tail = "" } = bubble;
    const say = (words, id) => this.say(words, id);
    if (kind === "image") return el("div.bubble.picture", {}, el("img", { src: bubble.picture, alt: "照片", onload: () => this.toEnd() }));
    if (kind === "voice") {
      const node = el("div.bubble.voice", { "aria-label": `语音 ${bubble.seconds} 秒` }, `${bubble.seconds}″`, icon("sound"));
      node.style.width = `${70 + bubble.seconds * 6}px`;
      return node;
    }
    if (kind === "location") return el("div.bubble.place", {}, el("p", {}, text), el("div.map", { "aria-hidden": "true" }, icon("pin")));
    if (kind === "link") return el("div.bubble.article", {}, el("p", {}, bubble.url ? outside(bubble.url, text) : text, el("small", {}, tail)));
    if (kind === "choices") return el("div.bubble", {}, ...rich(text, say), el("div.choices", {}, ...rows.map(([id, words]) => button("button.choice", words, () => say(words, id)))), tail && el("span", {}, ...rich(tail, say)));
    return el("div.bubble", {}, ...rich(text, say));
  }

  drawCard(bubble) {
    const fields = (bubble.rows || []).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
    const link = /^https?:\/\//.test(bubble.url || "")
      ? outside(bubble.url, "详情", icon("back")) : null;
    return el("article.card", { "aria-label": `通知：${bubble.text}` },
      el("h3", {}, el("img", { src: MARK, alt: "" }), this.desk.title), el("h4", {}, bubble.text), el("dl", {}, ...fields), link);
  }

  toEnd() { this.chat.scrollTop = this.chat.scrollHeight; }

  setFollowed(followed) {
    this.followed = followed;
    if (!followed) { this.chat.replaceChildren(); this.last = -Infinity; this.showPanel(false); }
    this.profile.hidden = followed;
    this.chat.hidden = this.bar.hidden = !followed;
    this.tries.hidden = !followed || !this.facts.says.length;
  }

  setMenu(menu) {
    const buttons = menu.button || [];
    this.menu.replaceChildren(...buttons.map((entry) => this.drawEntry(entry)));
    this.hasMenu = buttons.length > 0;
    this.modeKey.hidden = !this.hasMenu;
    if (!this.touched) this.setMode(this.hasMenu ? "menu" : "keys");
  }

  drawEntry(entry) {
    const inner = entry.sub_button || [];
    if (!inner.length) return el("div", {}, button("button", entry.name, () => this.tap(entry)));
    const list = el("ul", { "aria-label": entry.name }, ...inner.map((each) => el("li", {}, button("button", each.name, () => this.tap(each)))));
    list.hidden = true;
    const key = button("button", [icon("list"), entry.name], () => {
      const opening = list.hidden;
      this.closeMenus();
      list.hidden = !opening;
      key.setAttribute("aria-expanded", String(opening));
      if (opening) list.querySelector("button").focus({ preventScroll: true });
    }, { "aria-expanded": "false" });
    return el("div", {}, key, list);
  }

  showTyping() {
    this.heading.textContent = "对方正在输入…";
    clearTimeout(this.typing);
    this.typing = setTimeout(() => { this.heading.textContent = this.desk.title; }, 3000);
  }

  // -- what the person does

  setMode(mode, byHand = false) {
    if (byHand) this.touched = true;
    const menu = mode === "menu";
    this.form.hidden = menu;
    this.menu.hidden = !menu;
    this.modeKey.replaceChildren(icon(menu ? "keys" : "list"));
    this.modeKey.setAttribute("aria-label", menu ? "换成打字" : "换成菜单");
    this.showPanel(false);
    if (byHand && !menu) this.input.focus({ preventScroll: true });
  }

  arm() {
    const empty = !this.input.value.trim();
    this.sendKey.hidden = empty;
    this.plusKey.hidden = !empty;
  }

  showPanel(open) {
    if (!this.panel) return;
    this.panel.hidden = !open;
    this.plusKey.setAttribute("aria-expanded", String(open));
    if (open) requestAnimationFrame(() => this.toEnd());
  }

  submit(event) {
    event.preventDefault();
    const words = this.input.value.trim();
    if (!words) return;
    this.input.value = "";
    this.arm();
    this.say(words);
  }

  say(text, menuId = "") {
    if (!this.followed) { toast("先关注公众号，才能发消息"); return; }
    post("/sim/say", { openid: this.openid, text, menu_id: menuId });
  }

  act(what) { return post("/sim/do", { openid: this.openid, ...what }); }

  tap(entry) {
    this.closeMenus();
    if (/^https?:\/\//.test(entry.url || "")) window.open(entry.url, "_blank", "noopener");
    this.act({ act: "menu", kind: entry.type, key: entry.type === "view" ? entry.url : entry.key || "" });
  }

  photograph() {
    const photos = this.desk.photos;
    this.act({ act: "photo", name: photos[this.shots++ % photos.length].name });
  }

  closeMenus() {
    this.menu.querySelectorAll("ul").forEach((list) => { list.hidden = true; });
    this.menu.querySelectorAll("[aria-expanded]").forEach((key) => key.setAttribute("aria-expanded", "false"));
  }

  chooseCode() {
    const { codes } = this.desk;
    if (!codes.length) { toast("还没有可以扫的二维码"); return; }
    this.openSheet("扫哪里的二维码？", codes.map((code) => [code.label, () => this.act({ act: "scan", scene: code.scene })]));
  }

  confirmLeaving() { this.openSheet("取消关注后，不再收到消息", [["取消关注", () => this.act({ act: "unfollow" })]]); }

  openSheet(title, entries) {
    this.closeSheet();
    const pick = (run) => () => { this.closeSheet(); run(); };
    const buttons = entries.map(([label, run]) => button("button", label, pick(run)));
    const sheet = el("div.sheet", { role: "dialog", "aria-modal": "true", "aria-label": title }, el("h3", {}, title), ...buttons,
      button("button", "算了", () => this.closeSheet()));
    this.veil = el("div.veil", { onclick: (event) => { if (event.target === this.veil) this.closeSheet(); } }, sheet);
    this.shell.append(this.veil);
    buttons[0].focus({ preventScroll: true });
  }

  closeSheet() { this.veil?.remove(); }
}
