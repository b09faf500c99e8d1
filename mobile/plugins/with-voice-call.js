const { AndroidConfig, withAndroidManifest, withInfoPlist, withPlugins } = require("expo/config-plugins");

/** Read by the user when iOS asks. */
const MICROPHONE_REASON = "The assistant has to hear you.";

/** What a call needs, and keeps needing while the app is left. */
const PERMISSIONS = [
  "android.permission.INTERNET",
  "android.permission.ACCESS_NETWORK_STATE",
  "android.permission.RECORD_AUDIO",
  "android.permission.MODIFY_AUDIO_SETTINGS",
  "android.permission.BLUETOOTH_CONNECT",
  "android.permission.WAKE_LOCK",
  "android.permission.VIBRATE",
  "android.permission.FOREGROUND_SERVICE",
  "android.permission.FOREGROUND_SERVICE_MICROPHONE",
  "android.permission.POST_NOTIFICATIONS",
];

/** What libraries would bring along. With the camera's, Daily would ask for the camera before every call. */
const BLOCKED = [
  "android.permission.CAMERA",
  "android.permission.FOREGROUND_SERVICE_CAMERA",
  "android.permission.FOREGROUND_SERVICE_MEDIA_PROJECTION",
  "android.permission.SYSTEM_ALERT_WINDOW",
  "android.permission.READ_EXTERNAL_STORAGE",
  "android.permission.WRITE_EXTERNAL_STORAGE",
];

/** Daily's: shows the notification of a running call, and keeps its microphone open. */
const CALL_SERVICE = "com.daily.reactlibrary.DailyOngoingMeetingForegroundService";
/** WebRTC's, for sharing the screen. Stores ask for a reason for it, and there is none. */
const SCREEN_SERVICE = "com.oney.WebRTCModule.MediaProjectionService";

/** Audio calls by Daily, and nothing of what its own plugin adds for video. */
module.exports = function withVoiceCall(config) {
  return withPlugins(config, [
    [AndroidConfig.Permissions.withPermissions, PERMISSIONS],
    [AndroidConfig.Permissions.withBlockedPermissions, BLOCKED],
    withServices,
    withIosAudio,
  ]);
};

function withServices(config) {
  return withAndroidManifest(config, (modified) => {
    AndroidConfig.Manifest.ensureToolsAvailable(modified.modResults);
    const application = AndroidConfig.Manifest.getMainApplicationOrThrow(modified.modResults);
    const ours = [CALL_SERVICE, SCREEN_SERVICE];
    const others = (application.service ?? []).filter((service) => !ours.includes(service.$["android:name"]));
    application.service = [
      ...others,
      {
        $: {
          "android:name": CALL_SERVICE,
          "android:exported": "false",
          "android:foregroundServiceType": "microphone",
        },
      },
      { $: { "android:name": SCREEN_SERVICE, "tools:node": "remove" } },
    ];
    return modified;
  });
}

function withIosAudio(config) {
  return withInfoPlist(config, (modified) => {
    const modes = new Set([...(modified.modResults.UIBackgroundModes ?? []), "audio", "voip"]);
    modified.modResults.UIBackgroundModes = [...modes];
    modified.modResults.NSMicrophoneUsageDescription = MICROPHONE_REASON;
    return modified;
  });
}
