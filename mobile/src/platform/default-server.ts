/** Expo's development server serves the app alone; the service is then where `npm start` puts it. */
const EXPO_PORT = "8081";
const DEVELOPMENT_SERVER = "http://localhost:8787";

/** In a browser: whoever served the app is the service. */
export function defaultServer(): string {
  const { origin, port } = window.location;
  return port === EXPO_PORT ? DEVELOPMENT_SERVER : origin;
}
