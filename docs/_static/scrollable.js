// What is wider than the page scrolls by itself; let the keyboard reach it.
document.addEventListener("DOMContentLoaded", () => {
  const boxes = document.querySelectorAll("pre, .cell_output .output, .runbook-output, .table-wrapper");
  const seen = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  boxes.forEach((box) => seen.observe(box));
});
