"use strict";
// A button on each block of commands; what it copies is what is typed: no prompt, no answer.
{
  const PROMPT = "$ ";
  const korean = document.documentElement.lang === "ko";
  const [COPY, COPIED] = korean ? ["복사", "복사됨"] : ["Copy", "Copied"];

  const typed = (text) => {
    const lines = text.replace(/\n$/, "").split("\n");
    if (!lines.some((line) => line.startsWith(PROMPT))) return lines.join("\n");
    let goesOn = false;
    return lines
      .filter((line) => {
        const wanted = goesOn || line.startsWith(PROMPT);
        goesOn = wanted && line.endsWith("\\");
        return wanted;
      })
      .map((line) => (line.startsWith(PROMPT) ? line.slice(PROMPT.length) : line))
      .join("\n");
  };

  const copy = (text) => navigator.clipboard?.writeText(text).catch(() => copyAnyway(text)) ?? copyAnyway(text);

  const copyAnyway = (text) => { // where the page may not write to the clipboard by itself
    const area = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  };

  const offer = (block) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: COPY });
    const frame = document.createElement("div");
    frame.className = "copied";
    block.replaceWith(frame);
    frame.append(block, button);
    button.addEventListener("click", async () => {
      await copy(typed(block.textContent));
      button.textContent = COPIED;
      setTimeout(() => { button.textContent = COPY; }, 2000);
    });
  };

  const offerAll = () => document.querySelectorAll("div.highlight pre, pre.command, pre.runbook").forEach(offer);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", offerAll);
  else offerAll();
}
