page.replaceChildren();
document.title = headline();
header();
if (isPlayed) { superTrace(); tree(); instruction(); timeline(); money(); }
facts();
page.append(el("footer", {}, "Made by fpvm. This page is complete in itself: it loads nothing and sends nothing."));
addEventListener("hashchange", follow);
follow();
