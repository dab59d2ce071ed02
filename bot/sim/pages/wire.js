// The drawer: every push and every call, newest first, each opens to show what it carried.
import { el, moment } from "./words.js";

const KEEP = 200;
const MODES = { plain: "明文模式", compatible: "兼容模式", aes: "安全模式（AES）" };

export class WireView {
  constructor(desk) {
    this.desk = desk;
    this.drawer = document.getElementById("wire");
    this.key = document.getElementById("wire-key");
    this.list = document.getElementById("entries");
    this.key.addEventListener("click", () => this.show(this.drawer.hidden));
    document.getElementById("wire-close").addEventListener("click", () => this.show(false));
    this.drawer.addEventListener("keydown", (event) => { if (event.key === "Escape") this.show(false); });
  }

  show(open) {
    this.drawer.hidden = !open;
    this.key.setAttribute("aria-expanded", String(open));
    (open ? document.getElementById("wire-close") : this.key).focus();
  }

  load(entries, mode) {
    document.getElementById("wire-mode").textContent = MODES[mode] || mode;
    this.list.replaceChildren(el("li.none", {}, "这里会逐条显示平台和公众号之间的往来：加密前后的请求、回复、接口调用。"));
    entries.forEach((entry) => this.add(entry));
  }

  add(entry) {
    this.list.querySelector(".none")?.remove();
    this.list.prepend(this.draw(entry));
    while (this.list.children.length > KEEP) this.list.lastChild.remove();
  }

  draw(entry) {
    const good = entry.good !== false;
    const who = this.desk.nameOf(entry.openid);
    const again = entry.attempt > 1 ? `（第 ${entry.attempt} 次）` : "";
    const details = el("details", { class: `${entry.kind}${good ? "" : " bad"}` },
      el("summary", {}, el("span.way", {}, entry.kind === "push" ? "推送" : "调用"),
        el("span.what", {}, `${entry.label}${who ? ` · ${who}` : ""}${again}`),
        el("span.took", {}, `${moment(Date.parse(entry.at)).time} · ${entry.ms || 0} ms`),
        el("span.verdict", {}, entry.verdict || "")));
    details.addEventListener("toggle", () => { if (details.open && details.children.length === 1) details.append(this.parts(entry)); });
    return el("li", {}, details);
  }

  parts(entry) {
    const push = entry.kind === "push";
    const shown = [
      [push ? "地址" : "调用", entry.url],
      [entry.sealed ? "加密前" : "请求", entry.plain],
      ["加密后（线上走的）", entry.sealed],
      [entry.answer_sealed ? "回复（线上走的）" : `回复（${entry.status || "没有"}）`, entry.answer_sealed || entry.answer || (push && entry.status === 200 ? "（空）" : "")],
      ["回复解开后", entry.answer_sealed ? entry.answer : ""],
    ].filter(([, text]) => text);
    return el("div.parts", {}, ...shown.flatMap(([title, text]) => [el("h3", {}, title), el("pre", { tabindex: "0" }, tidy(text))]));
  }
}

function tidy(text) {
  if (text.startsWith("{")) {
    try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
  }
  if (!text.startsWith("<")) return text;
  const kept = [];
  const bare = text.replace(/<!\[CDATA\[.*?\]\]>/gs, (part) => `\u0001${kept.push(part) - 1}\u0002`);
  let depth = 0;
  return bare.replace(/>\s*<(?!\/)/g, ">\n<").replace(/(<\/\w+>)\s*(?=<\/)/g, "$1\n").split("\n").map((line) => {
    const pad = "  ".repeat(depth - line.startsWith("</"));
    depth += (line.match(/<\w/g) || []).length - (line.match(/<\//g) || []).length;
    return pad + line;
  }).join("\n").replace(/\u0001(\d+)\u0002/g, (_, number) => kept[number]);
}
