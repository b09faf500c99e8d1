/**
 * In a browser a link's fields stand behind the `#`, which is sent to no server. They are taken out of the address at
 * once, so that a token is not left in the history.
 */
export function listenToLinks(listener: (link: string) => void): () => void {
  const take = () => {
    const { href, hash, pathname, search } = window.location;
    if (!/[#&]url=/.test(hash)) return;
    window.history.replaceState(window.history.state, "", pathname + search);
    listener(href);
  };
  take();
  window.addEventListener("hashchange", take);
  return () => window.removeEventListener("hashchange", take);
}
