/** Tracks of our own making, and what arrives of the others'. */

const SILENCE_RMS = 0.001;

let shared: AudioContext | undefined;

/** Made when it is needed: a page that never makes a sound has none, which the counts of what is left rely on. */
function context(): AudioContext {
  shared ??= new AudioContext({ sampleRate: 48_000 });
  void shared.resume();
  return shared;
}

/** A sine of this frequency and of half amplitude. */
export function tone(frequencyHz: number): MediaStreamTrack {
  const oscillator = new OscillatorNode(context(), { frequency: frequencyHz });
  const gain = new GainNode(context(), { gain: 0.5 });
  const destination = new MediaStreamAudioDestinationNode(context(), { channelCount: 1 });
  oscillator.connect(gain).connect(destination);
  oscillator.start();
  const track = destination.stream.getAudioTracks()[0];
  if (!track) throw new Error("A destination node without a track");
  return track;
}

/** A video of an empty canvas, with frames though nothing is drawn. */
export function picture(): MediaStreamTrack {
  const canvas = document.createElement("canvas");
  const drawing = canvas.getContext("2d");
  const track = canvas.captureStream().getVideoTracks()[0];
  if (!drawing || !track) throw new Error("A canvas without a track");
  let hue = 0;
  const timer = setInterval(() => {
    if (track.readyState === "ended") clearInterval(timer);
    hue += 10;
    drawing.fillStyle = `hsl(${hue} 80% 50%)`;
    drawing.fillRect(0, 0, canvas.width, canvas.height);
  }, 50);
  return track;
}

interface Received {
  element: HTMLAudioElement;
  source: MediaStreamAudioSourceNode;
  analyser: AnalyserNode;
}
const received = new Map<MediaStreamTrack, Received>();

/** Without a playing element Chromium delivers silence of a remote track. */
function listen(track: MediaStreamTrack): AnalyserNode {
  const known = received.get(track);
  if (known) return known.analyser;
  const stream = new MediaStream([track]);
  const element = new Audio();
  element.muted = true;
  element.srcObject = stream;
  void element.play();
  const source = context().createMediaStreamSource(stream);
  const analyser = new AnalyserNode(context(), { fftSize: 8192 });
  source.connect(analyser);
  received.set(track, { element, source, analyser });
  return analyser;
}

export interface Sound {
  frequencyHz: number;
  rms: number;
}

/** What this track carries now. */
export function hear(track: MediaStreamTrack): Sound {
  const analyser = listen(track);
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length);
  if (rms < SILENCE_RMS) return { frequencyHz: 0, rms };
  const spectrum = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(spectrum);
  const loudest = spectrum.reduce((best, level, bin) => (level > (spectrum[best] ?? -1000) ? bin : best), 0);
  return { frequencyHz: (loudest * context().sampleRate) / analyser.fftSize, rms };
}
