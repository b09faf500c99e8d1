import type { LanguageStrategy } from "./language-strategy.ts";

export const NL_NL: LanguageStrategy = {
  tag: "nl-NL",
  englishName: "Dutch",
  voice: "Orus",
  transcriptionCodes: ["nl-NL"],
  instruction:
    "ANTWOORD UITSLUITEND IN HET NEDERLANDS, ook als de audio van de gebruiker onduidelijk of in een andere taal is.",
  requests: {
    greeting:
      "De gebruiker is er net bij gekomen. Begroet de gebruiker in één korte zin en begin dan het gesprek zoals je rol dat vraagt; heb je geen bijzondere rol, vraag dan hoe je kunt helpen.",
    idle: "De gebruiker heeft al een tijdje niets gezegd. Vraag in één korte zin of de gebruiker er nog is.",
    goodbye:
      "Het gesprek wordt nu beëindigd. Neem in één korte zin afscheid van de gebruiker en vraag niets meer.",
    "last-minute":
      "Het gesprek moet over ongeveer een minuut eindigen. Zeg dat in één korte zin tegen de gebruiker en ga daarna verder met het gesprek.",
    recovery:
      "De verbinding viel even weg. Verontschuldig je daarvoor in één korte zin en ga verder waar het gesprek was; als je niet weet wat er eerder is gezegd, vraag de gebruiker dan het nog eens te vertellen.",
  },
  nudges: {
    goOn: "De verbinding viel weg terwijl je sprak en de gebruiker heeft de rest niet gehoord. Ga verder waar je werd onderbroken.",
    answer:
      "De gebruiker wacht op je antwoord op wat die het laatst heeft gezegd. Geef nu antwoord; als je het niet hebt begrepen, vraag dan om het te herhalen.",
    back: "De verbinding viel even weg. Zeg in een paar woorden tegen de gebruiker dat je er weer bent.",
  },
};
