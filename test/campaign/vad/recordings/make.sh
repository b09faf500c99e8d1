#!/bin/sh
# Makes the recordings of this folder anew: 24 short sentences by espeak-ng 1.51, as mu-law of 16 kHz by sox. Four
# voices for each language, which differ in timbre, pitch and speed. Only whoever changes them needs the two programs.
set -eu
cd "$(dirname "$0")"

# <name> <voice> <words a minute> <pitch> <sentence>
say() {
  espeak-ng -v "$2" -s "$3" -p "$4" --stdout "$5" |
    sox -t wav - -t wav -e mu-law -r 16000 -c 1 --no-dither "$1.wav" silence 1 0.005 0.1% reverse silence 1 0.005 0.1% reverse norm -6
}

say en-1 en-us+m3 160 40 "What is the weather like today?"
say en-2 en-us+f2 175 60 "Could you repeat that, please?"
say en-3 en-us+m7 140 30 "I would like to book a table."
say en-4 en-us+f4 190 70 "How far is it to the station?"
say es-1 es+m3 160 40 "¿Qué tiempo hace hoy en Madrid?"
say es-2 es+f2 175 60 "Necesito ayuda con mi factura."
say es-3 es+m7 140 30 "Buenos días, soy Carlos."
say es-4 es+f4 190 70 "Llámame mañana por la tarde."
say fr-1 fr+m3 160 40 "Quelle heure est-il à Paris?"
say fr-2 fr+f2 175 60 "Je voudrais réserver une table."
say fr-3 fr+m7 140 30 "Bonjour, comment ça va?"
say fr-4 fr+f4 190 70 "Pouvez-vous parler plus lentement?"
say de-1 de+m3 160 40 "Wie wird das Wetter morgen?"
say de-2 de+f2 175 60 "Können Sie das bitte wiederholen?"
say de-3 de+m7 140 30 "Guten Tag, hier ist Weber."
say de-4 de+f4 190 70 "Ich hätte gern einen Termin."
say nl-1 nl+m3 160 40 "Hoe laat vertrekt de trein?"
say nl-2 nl+f2 175 60 "Kunt u mij daarmee helpen?"
say nl-3 nl+m7 140 30 "Goedemorgen, met Jansen."
say nl-4 nl+f4 190 70 "Wat kost een kaartje naar Utrecht?"
say it-1 it+m3 160 40 "Che tempo fa oggi a Roma?"
say it-2 it+f2 175 60 "Vorrei prenotare un tavolo."
say it-3 it+m7 140 30 "Buongiorno, mi chiamo Luca."
say it-4 it+f4 190 70 "Può ripetere più lentamente?"
