"""Which language a short text is in, by its commonest words. Says None rather than guess."""

from collections.abc import Sequence

from schemas.phrases import Sentence, fold

# fmt: off
_COMMON: dict[str, str] = {
    "en": "regards hi hello best kind dear the and you your is are not this that have has for with please thanks thank we our i im my me will be can do does of to it what where how from on at in no yes if would could should let send out office back but call stop unsubscribe interested more who list remove sounds good",
    "de": "mit freundlichen grüßen hallo liebe der die das und ich sie ihr ihre ihnen ist sind nicht bitte danke wir uns mir mich mein meine für mit auf aus den dem ein eine kein keine wie was wo wer haben hat bin von zu zur zum am im ab bis wieder gerne vielen dank guten tag kann können würde noch mehr nein weiteren abmelden mails",
    "fr": "cordialement salutations cela le la les et je vous votre vos est sont pas ce cette merci nous notre mon ma moi pour avec sur des du de un une ne que qui quoi comment combien bonjour oui non suis serai au aux par plus dans en à ai avons sera c' j' l' d' m' n' ca veuillez désinscrire",
    "es": "saludo saludos cordialmente el la los las y yo usted su sus es son no esta este gracias nosotros nuestro mi para con por favor de un una que quien cómo cuánto hola sí estoy estaré al del más en lo me nos hemos tengo ya pero deme baja correos envíen interesa quiero",
    "it": "cordiali saluti volentieri possiamo alle chiamata il lo la gli le e io lei suo sua è sono non questo questa grazie noi nostro mio per con di un una che chi come quanto buongiorno sì del della al alla più in mi ci abbiamo ho già ma vi prego siamo sarò email vostra",
    "nl": "vriendelijke groet groeten de het een en ik u uw je jouw is zijn niet dit dat dank bedankt wij we ons mij mijn voor met van op hoe wat wie waar ja nee geen graag naar om aan bij tot terug ben hebben heb weer kan kunnen nog meer maar afmelden stuur",
    "pt": "cumprimentos atenciosamente podemos o os a as e eu você seu sua é são não este esta obrigado obrigada nós nosso meu minha para com por favor de um uma que quem como quanto olá sim estou estarei ao do da dos mais em no na me nos temos tenho já mas lista interesse remova",
    "sv": "vänliga hälsningar mvh och jag du ni er ert är inte det den detta tack vi oss mig min för med av på hur vad vem var ja nej ingen gärna till om att en ett tillbaka har kan kommer mer men från hej ta bort avregistrera låter just nu",
    "pl": "i ja pan pani jest są nie to ten ta dziękuję proszę my nas mnie mój dla z na do jak co kto gdzie tak się o w od po przez mam mamy będę już ale więcej",
    "da": "og jeg du i er ikke det den tak vi os mig min for med af på hvordan hvad hvem ja nej ingen gerne til om at en et tilbage har kan kommer mere men fra hej venligst",
}
# fmt: on
_WORDS: dict[str, frozenset[str]] = {
    name: frozenset(fold(word) for word in words.split()) for name, words in _COMMON.items()
}


def language(said: Sequence[Sentence]) -> str | None:
    """The two-letter code (ISO 639-1) of the likeliest language; None: too short, foreign or mixed."""
    words = [word for sentence in said for word in sentence.words][:400]
    if _is_japanese("".join(words[:40])):
        return "ja"
    counts = {name: sum(word in known for word in words) for name, known in _WORDS.items()}
    ranked = sorted(counts.items(), key=lambda one: -one[1])
    (best, most), (_, second) = ranked[:2]
    if not most or most == second or most < len(words) / 8:
        return None
    return best


def _is_japanese(text: str) -> bool:
    kana = sum("\u3040" <= letter <= "\u30ff" for letter in text)
    return kana > len(text) / 5 > 0
