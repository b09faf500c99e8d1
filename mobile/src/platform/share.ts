import * as Clipboard from "expo-clipboard";
import { Platform, Share } from "react-native";

/** `copied` where there is nothing to share with, as in most browsers. */
export type Shared = "shared" | "copied" | "failed";

export async function shareText(message: string): Promise<Shared> {
  if (Platform.OS === "web") return copyText(message);
  try {
    await Share.share({ message });
    return "shared";
  } catch {
    return copyText(message);
  }
}

export async function copyText(text: string): Promise<"copied" | "failed"> {
  try {
    return (await Clipboard.setStringAsync(text)) ? "copied" : "failed";
  } catch {
    return "failed";
  }
}
