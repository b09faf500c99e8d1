import { PermissionsAndroid, Platform } from "react-native";
import { askForMicrophone } from "./microphone.native.ts";

const { PERMISSIONS, RESULTS } = PermissionsAndroid;

const mockIosRequest = jest.fn<Promise<boolean>, [{ name: string }]>();
jest.mock("@daily-co/react-native-webrtc", () => ({
  permissions: { request: (asked: { name: string }) => mockIosRequest(asked) },
}));

afterEach(() => jest.restoreAllMocks());

function android(apiLevel: number, answers: Partial<Record<string, keyof typeof RESULTS>>) {
  jest.replaceProperty(Platform, "OS", "android");
  jest.spyOn(Platform, "Version", "get").mockReturnValue(apiLevel);
  return jest
    .spyOn(PermissionsAndroid, "request")
    .mockImplementation(async (permission) => RESULTS[answers[permission] ?? "DENIED"]);
}

it.each([
  ["DENIED", "denied"],
  ["NEVER_ASK_AGAIN", "blocked"],
] as const)("tells a refusal for now from one for good: %s", async (answer, reason) => {
  const asked = android(36, { [PERMISSIONS.RECORD_AUDIO]: answer });
  expect(await askForMicrophone()).toEqual({ granted: false, reason });
  // Nobody is asked about notifications of a call that cannot be.
  expect(asked).toHaveBeenCalledTimes(1);
});

it("knows whether a call can go on while the app is left", async () => {
  android(36, { [PERMISSIONS.RECORD_AUDIO]: "GRANTED", [PERMISSIONS.POST_NOTIFICATIONS]: "GRANTED" });
  expect(await askForMicrophone()).toEqual({ granted: true, background: true });
  android(36, { [PERMISSIONS.RECORD_AUDIO]: "GRANTED" });
  expect(await askForMicrophone()).toEqual({ granted: true, background: false });
});

it("does not ask for what older Androids give to everybody", async () => {
  const asked = android(32, { [PERMISSIONS.RECORD_AUDIO]: "GRANTED" });
  expect(await askForMicrophone()).toEqual({ granted: true, background: true });
  expect(asked.mock.calls.map(([permission]) => permission)).toEqual([PERMISSIONS.RECORD_AUDIO]);
});

it("takes iOS at its first word, which is its last", async () => {
  jest.replaceProperty(Platform, "OS", "ios");
  mockIosRequest.mockResolvedValueOnce(true).mockResolvedValueOnce(false);
  expect(await askForMicrophone()).toEqual({ granted: true, background: true });
  expect(await askForMicrophone()).toEqual({ granted: false, reason: "blocked" });
  expect(mockIosRequest).toHaveBeenCalledWith({ name: "microphone" });
});
