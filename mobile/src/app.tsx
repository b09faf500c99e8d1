import {
  DarkTheme,
  DefaultTheme,
  NavigationContainer,
  useNavigationContainerRef,
} from "@react-navigation/native";
import { createNativeStackNavigator } from "@react-navigation/native-stack";
import { StatusBar } from "expo-status-bar";
import { useState } from "react";
import { useColorScheme, View } from "react-native";
import { initialWindowMetrics, SafeAreaProvider } from "react-native-safe-area-context";
import {
  type ScreenParams,
  screenOf,
  useVoiceClientNavigation,
} from "./provider/use-voice-client-navigation.ts";
import type { VoiceApp } from "./provider/voice-app.ts";
import { useVoiceApp } from "./provider/voice-client-context.ts";
import { VoiceSessionProvider } from "./provider/voice-session-provider.tsx";
import { PreJoinScreen } from "./screens/pre-join-screen.tsx";
import { SessionScreen } from "./screens/session-screen.tsx";
import { useColors } from "./ui/theme.ts";
import { Toasts } from "./ui/toasts.tsx";
import { useReducedMotion } from "./ui/use-accessibility.ts";

const Stack = createNativeStackNavigator<ScreenParams>();

export function App({ app }: { readonly app: VoiceApp }) {
  const colors = useColors();
  return (
    <SafeAreaProvider initialMetrics={initialWindowMetrics}>
      <VoiceSessionProvider app={app} fallback={<View style={{ flex: 1, backgroundColor: colors.ground }} />}>
        <Screens />
        <Toasts />
        <StatusBar style="auto" />
      </VoiceSessionProvider>
    </SafeAreaProvider>
  );
}

function Screens() {
  const { store } = useVoiceApp();
  const navigation = useNavigationContainerRef<ScreenParams>();
  const [isReady, setReady] = useState(false);
  const still = useReducedMotion();
  useVoiceClientNavigation(navigation, isReady);
  return (
    <NavigationContainer
      ref={navigation}
      theme={useColorScheme() === "dark" ? DarkTheme : DefaultTheme}
      documentTitle={{ formatter: () => "Chat-VRD" }}
      onReady={() => setReady(true)}
    >
      <Stack.Navigator
        initialRouteName={screenOf(store.getState().connection)}
        screenOptions={{ headerShown: false, gestureEnabled: false, animation: still ? "none" : "fade" }}
      >
        <Stack.Screen name="PreJoin" component={PreJoinScreen} />
        <Stack.Screen name="Session" component={SessionScreen} />
      </Stack.Navigator>
    </NavigationContainer>
  );
}
