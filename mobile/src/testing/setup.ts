// Native code ends where Node begins: its JavaScript would look for modules that are not there.
jest.mock("@pipecat-ai/react-native-daily-transport", () => ({}));
jest.mock("@daily-co/react-native-webrtc", () => ({}));
jest.mock(
  "react-native-safe-area-context",
  () => jest.requireActual("react-native-safe-area-context/jest/mock").default,
);
