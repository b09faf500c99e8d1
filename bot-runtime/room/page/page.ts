import { DailyRoomCall } from "./daily-call.ts";
import { startPage } from "./page-app.ts";

const callMachineUrl = new URL(location.href).searchParams.get("callMachineUrl") ?? undefined;

startPage({ prepare: (context) => DailyRoomCall.prepare(context, { callMachineUrl }) });
