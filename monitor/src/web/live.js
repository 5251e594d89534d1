// Draws the page anew with what the monitor has seen since. What is unfolded stays so.
setInterval(async () => {
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) throw new Error(answer.status);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("page");
    const open = new Set([...document.querySelectorAll("details[open]")].map(one => one.id));
    for (const one of fresh.querySelectorAll("details")) one.open = open.has(one.id);
    document.getElementById("page").replaceWith(document.adoptNode(fresh));
    document.body.classList.remove("stale");
  } catch {
    document.body.classList.add("stale");
  }
}, 10000);
