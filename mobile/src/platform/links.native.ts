import { Linking } from "react-native";

/** The link that opened the app, and each one that is opened while it runs. */
export function listenToLinks(listener: (link: string) => void): () => void {
  let listening = true;
  const subscription = Linking.addEventListener("url", ({ url }) => listener(url));
  void Linking.getInitialURL().then(
    (url) => {
      if (url !== null && listening) listener(url);
    },
    () => undefined,
  );
  return () => {
    listening = false;
    subscription.remove();
  };
}
