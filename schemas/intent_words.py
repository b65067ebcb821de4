"""How people say yes, ask for a meeting, or name somebody else, by language; data for `schemas.phrases`."""

from schemas.phrases import Lexicon


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines() if line.strip()]


NEGATIONS = frozenset(
    [
        "not",
        "no",
        "never",
        "dont",
        "doesnt",
        "didnt",
        "cant",
        "cannot",
        "wont",
        "isnt",
        "arent",
        "wouldnt",
        "without",
        "nor",
        "neither",
        "hardly",
        "nobody",
        "nicht",
        "kein",
        "keine",
        "keinen",
        "keinerlei",
        "nie",
        "weder",
        "ohne",
        "pas",
        "ne",
        "ni",
        "aucun",
        "aucune",
        "jamais",
        "sans",
        "plus",
        "no",
        "ni",
        "nunca",
        "tampoco",
        "sin",
        "ningun",
        "non",
        "ne",
        "mai",
        "senza",
        "nessun",
        "nessuna",
        "niet",
        "geen",
        "nooit",
        "zonder",
        "nao",
        "nem",
        "nunca",
        "sem",
        "nenhum",
        "nenhuma",
        "inte",
        "ej",
        "ingen",
        "inget",
        "aldrig",
        "utan",
        "ikke",
        "nie",
        "ani",
        "bez",
    ]
)

_DAY = "monday|tuesday|wednesday|thursday|friday|mon|tue|tues|wed|thu|thur|thurs|fri|tomorrow|today|afternoon|morning|week|noon|1|2|3|4|5|6|7|8|9|10|11|12|9am|10am|11am|1pm|2pm|3pm|4pm|5pm"
_TAG = "montag|dienstag|mittwoch|donnerstag|freitag|morgen|woche|vormittag|nachmittag"
_JOUR = "lundi|mardi|mercredi|jeudi|vendredi|demain|semaine"
_DIA = "lunes|martes|miercoles|jueves|viernes|manana|semana"
_GIORNO = "lunedi|martedi|mercoledi|giovedi|venerdi|domani|settimana"
_DAG = "maandag|dinsdag|woensdag|donderdag|vrijdag|morgen|week"
_FEIRA = "segunda*|terca*|quarta*|quinta*|sexta*|amanha|semana"
_DAGEN = "mandag*|tisdag*|onsdag*|torsdag*|fredag*|imorgon|vecka"

MEETING = Lexicon(_lines(f"""
    call|ring|phone|dial|buzz me|us
    give|gimme me|us a|another call|ring|buzz|bell|shout
    set|setup|schedule|book|arrange|organise|organize|plan|have|do|jump|hop|get|fix|hold|grab|need|move|reschedule|rearrange|push|propose|confirm|join|want|like|love|on|up _ call|meeting|demo|chat|zoom|slot|appointment|time|coffee|conversation|walkthrough|teams|discussion|session|lunch|visit
    happy|glad|open|keen|willing|free|available|love|like|up|down|pleased|delighted to|for|on|at|after|between|any|in|this|next|tomorrow|either|a _ meet|talk|chat|call|demo|speak|connect|discuss|{_DAY}|meeting|quick|zoom
    lets|let's|shall|should|can|could|may|would|want|wanna we|you|us|to|i|talk|meet|chat|speak|connect|discuss|schedule|book|do|set|catch|jump|hop _ talk|meet|chat|speak|connect|call|demo|meeting|do|discuss|schedule|book|up|on|zoom
    lets|let's talk|meet|chat|speak|connect|discuss|do
    does|do|would|could|can|will|how|what|is|are|you _ {_DAY}|time|times|slot|calendar|availability|date|dates|works|suit
    im|am|are|i free|available|around|good|can|could|have|on|time _ {_DAY}|after|any|do|anytime|before|from|meet|for|slot|time|talk|next
    {_DAY} works|suits|is|would|at|could|work|afternoon|morning|or _
    {_DAY} at|after|around {_DAY}
    free|available|around {_DAY}|on|after|between|any|next|this|at|from|for|wed|tomorrow|either _
    calendly|calendar|booking|scheduling|hubspot _ link|invite|invitation|here|times|slot|pick|book
    my|heres|here's|here's|use|pick|see|send|here|book|on|through|the|via|your|share|is _ calendly|calendar|booking|diary|availability|cal|meetings
    send _ invite|invitation|calendar|times|slots|availability|meeting|diary|dates
    pick|choose|grab|find|suggest|propose|offer|name|send|share|give a|any|some|few|me|us|your|time|what|times _ time|times|slot|slots|dates|date|availability|options
    what|which times|time|days|day|dates|date|slots _ have|work|works|suit|suits|you|free|available|good|best
    come|drop|swing|stop by|over|to|in|round _ office|booth|stand|us|our|see|me
    stop|drop|swing by
    face to face
    meet|talk|speak|chat|call in|on|next|this|tomorrow|with|then|about|soon|at {_DAY}|person|person|week|next|then
    quick|short|15|20|30|brief|minute|min|zoom|phone|video|intro|discovery|15-minute|30-minute _ call|chat|meeting|zoom|demo|minutes|conversation
    zoom|teams|phone call|meeting|works|link
    see|like|want|get|have|do a|the|your _ demo|presentation|walkthrough
    move|reschedule|postpone our|the|it|to|this _ call|meeting|demo|slot|appointment
    telefonieren|termin|gesprach|telefonat|treffen|meeting|videocall|call _ vereinbaren|machen|ausmachen|abstimmen|finden|vorschlagen|passt|einrichten|{_TAG}|nachste|gerne|um|am|organisieren|verabreden|sprechen|fuhren
    vereinbaren|vereinbare|machen|schlagen|abstimmen|finden|buchen|fuhren|haben|lassen|passt|ware _ termin|gesprach|telefonat|treffen|meeting|call|anruf|uhr|sprechen|telefonieren
    konnen|konnten|lassen|wollen|sollen|wurde|gerne|mochte|kann _ telefonieren|sprechen|treffen|austauschen|zusammensetzen|reden|kennenlernen|anrufen|unterhalten
    rufen|ruf|melden|riefen sie|mich|uns|doch|gerne|bitte _ an|telefonisch|anrufen|zuruck
    am|um|hatte|hatten|passt|ginge|geht|kann|konnte|ab|wie|ware|nachste|nachsten|diese|ich|wir _ {_TAG}|uhr|zeit _ uhr|zeit|passen|gut|um|moglich|recht|frei|verfugbar|vormittag|nachmittag
    {_TAG} um|passt|ware|geht|ginge|gut|vormittag|nachmittag _
    wann|welche _ zeit|passt|konnen|termine|uhrzeit|treffen|sprechen
    demo|vorfuhrung|prasentation|termin _ vereinbaren|zeigen|sehen|anschauen|buchen
    appeler|appelez|rappeler|rappelez|appelez-moi|rappelez-moi|joindre|telephoner m'|moi|moi|nous|sur|au|{_JOUR}|me|le _
    m'|me|nous appeler|rappeler|joindre|telephoner|appelez|rencontrer|voir
    fixer|fixons|planifier|planifions|organiser|organisons|convenir|prevoir|prevoyons|caler|prendre|proposer|proposez|faire|echanger|avoir|programmer|reserver _ rendez-vous|rdv|appel|reunion|rencontre|visio|creneau|creneaux|demo|demonstration|echange|call|point|{_JOUR}
    pouvons|pourrions|pouvez|souhaite|voulez|aimerais|peut|possible|on|serait _ appeler|parler|echanger|rencontrer|voir|discuter|rendez-vous|rdv|appel|rencontre|en
    suis|serai|serais|sommes|disponible|dispo|libre disponible|disponibles|dispo|libre|libres|{_JOUR}|le|a _
    {_JOUR} a|matin|apres-midi|vers|prochain|prochaine|me|convient|ca|10|14|15|serait _
    rendez-vous|rdv|appel|visio|creneau {_JOUR}|la|en|pour|telephonique|possible|est|le
    parlons|discutons|echangeons|voyons|parlons-en|discutons-en|voyons-nous|rencontrons-nous en|de|{_JOUR}|la|au|$|nous _
    agendar|programar|concertar|fijar|coordinar|organizar|tener|hacer|quedar|agendemos|agendamos|hablar|hablemos|hablamos|hacemos|mantener|reservar|proponer|tenemos|tener _ llamada|reunion|cita|videollamada|demo|cafe|{_DIA}|en|por|hueco
    podemos|podriamos|puedes|puede|podria|me|quiero|gustaria|quisiera|cuando _ hablar|llamar*|reunirnos|vernos|quedar|agendar|llamada|reunion|conversar|charlar|demo
    llamame|llameme|llamenos|llamadme|hablamos|hablemos|reunamonos|quedamos
    llama|llame|llamar me|al|a|nos|el
    me|estoy|estare|tengo va|viene|disponible|libre|hueco|tiempo|disponibilidad _ {_DIA}|bien|las|el|la
    el|la|este|proximo {_DIA} a|por|me|puedo|estaria|podria|tengo|que|seria|las _
    fissare|fissiamo|organizzare|organizziamo|programmare|programmiamo|prenotare|pianificare|concordare|fare|facciamo|avere|proporre|proponga|sentirci|sentiamoci|vederci|vediamoci|incontriamoci|incontrarci|parlarne|parliamone|sentire _ chiamata|call|riunione|appuntamento|incontro|videochiamata|demo|{_GIORNO}|telefonata|telefono
    possiamo|potremmo|puo|puoi|potrebbe|vorrei|volentieri|quando _ sentirci|vederci|incontrarci|parlarne|parlare|chiamarmi|chiamare|fissare|organizzare|telefono|chiamata|call|incontro
    mi|ci chiami|chiamate|richiami|chiama|telefoni
    chiamami|chiamatemi|chiamarmi|sentiamoci|vediamoci|parliamone
    sono|sarei|saro libero|libera|disponibile|liberi _ {_GIORNO}|il|alle
    {_GIORNO} alle|mattina|pomeriggio|va|andrebbe|potrebbe|prossima _
    afspraak|gesprek|belafspraak|call|kennismaking|meeting|demo _ maken|plannen|inplannen|inplannen|zetten|{_DAG}|afspreken|voorstellen|boeken|hebben|voeren|doen
    plannen|maken|inplannen|afspreken|plan|boek|zullen|laten|kunnen|kunt|wil _ afspraak|gesprek|call|bellen|afspreken|spreken|meeting|demo|kennismaken|ontmoeten
    bel|bellen|belt me|mij|ons|mij|mij|gerust|{_DAG}|even
    {_DAG} om|past|schikt|kan|zou|komt|ochtend|middag|bellen _
    ben|kan|heb _ beschikbaar|tijd|vrij|ruimte|{_DAG} _ {_DAG}|om|uur
    marcar|agendar|combinar|fazer|ter|reservar|marcamos|agendamos|conversar|falar|falamos|marque|reagendar|propor _ reuniao|chamada|call|conversa|videochamada|demo|demonstracao|{_FEIRA}|horario|cafe
    podemos|poderiamos|pode|poderia|gostaria|gostava|quando|vamos _ falar|conversar|ligar|reunir|marcar|agendar|encontrar|reuniao|chamada
    ligue-me|ligue|ligar|liga-me|telefone-me|contacte-me|me|liguem-me para|me|ligue|liga|ligar|na|no|a _
    estou|tenho|estarei disponivel|livre|disponibilidade|horario
    {_FEIRA} as|a|de|estou|serve|pode _
    boka|bokar|bestamma|satta|ta|ha|ses|traffas|horas|prata|talas|ring|ringa|foresla|planera|ordna _ mote|samtal|tid|demo|mote|mig|{_DAGEN}|over|mig|teams|upp
    kan|ska|skulle|vill|garna|passar|nar _ vi|jag|du|dig|det|{_DAGEN} _ ses|traffas|prata|boka|mote|horas|ringa|talas|ring|samtal|{_DAGEN}
    {_DAGEN} klockan|kl|passar|fungerar|eftermiddag|formiddag|gar _
    ring mig|mej|oss
    umowic|umowmy|porozmawiac|porozmawiajmy|zadzwonic|spotkac|spotkajmy|zadzwon|prosze _ sie|spotkanie|rozmowe|telefon|o|kontakt|mnie
"""))  # fmt: skip

INTERESTED = Lexicon(_lines("""
    interested|intrigued|curious|keen
    interesting|fascinating|promising|intriguing|exciting|compelling
    sounds|looks|seems|look|sound good|great|interesting|promising|useful|nice|cool|perfect|relevant|like|amazing|excellent|fantastic|fun|exciting|okay|ok|fine|really|very|helpful|awesome|right
    tell|share|show|give|let me|us|with more|me|know|a|the|your|what|some|how|case|details _
    tell|hear|learn|know|find|read|see more
    send|share|forward|email|provide _ more|information|info|details|deck|brochure|materials|material|case|proposal|docs|documentation|pricing|link|it|over|something|presentation|pdf|samples|examples|sheet|along|them|overview|one-pager|through|some|quote
    yes please|send|we|i|id|im|lets|sure|definitely|absolutely|of|that|it|this|would
    ^ yes|yep|yeah|sure|absolutely|definitely|ok|okay $
    move|moving|go|going|proceed|get forward|ahead|started|with _
    go ahead
    want to move|proceed|try|start|buy|sign|know|see|learn|go|explore
    worth exploring|a|looking|discussing|considering
    could|would|might|may be _ useful|interesting|helpful|of|a|good|something|valuable|relevant
    could|might|may be $
    looking|look for|into|at|forward|to _ solution|alternatives|something|option|options|tool|vendor|provider|like|exactly|to|replace|hearing|this|it
    great product|timing|idea|stuff|work
    good|perfect|great timing|idea|to|fit|stuff
    id|would|wed|i'd love|like to|more _
    any|have|got docs|documentation|material|materials|info|deck|brochure|case _
    whatve you got
    what have you got
    like|love|liked|loved the|this|it|your|what|that
    sign me|us up
    keep me|us posted|informed|updated|in
    count me|us in
    im|were|we're in $
    klingt|hort|sieht|ist sich|gut|spannend|interessant|vielversprechend|super|toll|prima _
    interessant|spannend|interessiert|vielversprechend
    bin|sind|ware|waren|haben|hatte|habe|hatten|besteht _ interessiert|interesse|neugierig|aufgeschlossen
    interessiert uns|mich|sind|bin|_
    schicken|senden|schick|lassen|ubersenden|mailen|zusenden|ubermitteln|stellen _ unterlagen|informationen|infos|info|material|angebot|details|prasentation|mehr|zu|zukommen|broschure
    mehr|weitere|nahere informationen|infos|erfahren|details|unterlagen|dazu
    ^ ja|gerne|gern $
    ^ ja|sehr gerne|gern|bitte|interesse|mehr
    gerne mehr|weitere|informationen|naher|naheres
    interesse an|daran
    m'|nous|vous|c'|tres|semble|parait|est|cela interesse|interesses|interessant|interessante|interessee|interessent|interesserait|tente
    suis|sommes|serais|serions|etes _ interesse|interessee|interesses|interessees|curieux|partant|preneur|partants
    envoyer|envoyez|transmettre|transmettez|envoyez-moi|envoyez-nous|envoie|partager|recevoir|communiquer|adresser|faire|envoyez-la|transmettez-moi _ documentation|informations|information|infos|plus|proposition|details|brochure|presentation|devis|doc|plaquette|document|documents|savoir
    en savoir plus|davantage
    plus d' informations|infos|information
    plus de details|precisions
    avec plaisir
    ^ oui|volontiers $
    ^ oui|volontiers|pourquoi ca|avec|pas|volontiers|je|cela|bien
    bonne idee
    me|nos|les|muy|parece|suena|resulta interesa|interesaria|interesante|bien|gusta|interesan|encantaria|gustaria
    estoy|estamos|estaria|estariamos interesado|interesada|interesados|interesadas
    envie|enviame|envieme|envien|envienos|mande|mandame|mandeme|manda|enviar|enviarme|comparta|comparte|pasame|pase|hagame|remitame|enviame _ informacion|presentacion|propuesta|detalles|mas|info|catalogo|dossier|documentacion|la
    mas informacion|info|detalles|sobre
    quiero|quisiera|quisieramos|gustaria saber|conocer|mas|recibir|ver|probar
    tengo|tenemos interes
    ^ si|claro|vale $
    ^ si|claro|vale por|me|adelante|nos|perfecto|envia*
    suena bien|interesante|genial
    mi|ci|sembra|molto|e|pare|potrebbe interessa|interessano|interesserebbe|interessante|piace|interessati|interessato|incuriosisce|interessarci|interessarmi
    sono|siamo|sarei|saremmo interessato|interessata|interessati|curioso|curiosi
    mandi|mandami|mandatemi|invii|inviatemi|inviami|inviarmi|mandarmi|mandi|invia|inviateci|mandateci|inviarci|condivida _ informazioni|presentazione|proposta|dettagli|materiale|piu|maggiori|documentazione|offerta|brochure|info
    maggiori|ulteriori|altre informazioni|dettagli|info
    saperne di piu
    ^ si|volentieri|certo $
    ^ si|volentieri|certo mi|volentieri|grazie|certo
    klinkt|lijkt|ziet|is|vind|dat|heel|zeer|erg goed|interessant|me|ons|er|leuk|mooi|boeiend _
    interessant|geinteresseerd|benieuwd|nieuwsgierig
    stuur|stuurt|sturen|mail|toesturen|deel _ informatie|info|meer|voorstel|offerte|documentatie|presentatie|brochure|details
    meer informatie|info|weten|details|horen
    ^ ja|graag|zeker|prima $
    ^ ja|graag|zeker|prima graag|leuk|stuur|interessant
    hebben|heb|wel interesse
    tenho|temos|teria|teriamos|ha interesse
    me|nos|parece|muito|e|seria|soa interessa|interessante|bem|interessou|interessaria|bom|otimo|agrada
    estou|estamos|estaria|ficamos interessado|interessada|interessados|curioso
    envie|enviar|mande|mandar|envie-me|mande-me|envia|enviem|encaminhe|partilhe|compartilhe|enviar-me _ informacoes|informacao|apresentacao|proposta|detalhes|mais|material|documentacao|orcamento
    mais informacoes|informacao|detalhes|sobre
    gostaria|gostava|queria|quero|gostariamos de|saber|conhecer|receber _ saber|conhecer|mais|receber
    ^ sim|claro $
    ^ sim|claro|com por|gostaria|pode|certeza
    later|lat|verkar|ser|ar|det|mycket|vore|kanns intressant|bra|spannande|kul|later|lovande _
    intressant|intresserad|intresserade|nyfiken|spannande
    skicka|skickar|mejla|maila|dela _ information|info|mer|material|presentation|offert|mera|underlag|detaljer
    mer|mera information|info|detaljer|om
    ^ ja|garna|absolut $
    ^ ja|garna|absolut garna|tack|absolut|det
    brzmi|wyglada dobrze|ciekawie|interesujaco
    jestem|jestesmy zainteresowan*
    prosze|poprosze o|przeslac|wiecej _ informacj*|oferte|szczegoly|przeslanie
    lyder|virker|ser interessant|godt|spændende|spaendende
    send gerne|gjerne|mere|mer
"""))  # fmt: skip

REFERRAL = Lexicon(_lines("""
    contact|email|e-mail|reach|speak|talk|ask|try|write|message|ping|connect|call|get|direct|address|approach|go to|with|out|in|our|my|the|directly|touch|through|via|@*|dana|him|her|them|this|your|it _
    copying|copied|cc'ing|ccing|cced|cc'd|adding|looping|added|cc|loop|including|introducing in|my|our|him|her|them|our|the|to|you|@*|our|rob|with|colleague|here|below|_
    forwarded|forwarding|passed|passing|forward|pass|sent|sending|redirect|redirecting|routed|handed|handing|shared|put|referred this|your|it|on|to|you|over|along _ to|team|colleague|on|touch|my|our
    forwarded|forwarding|passed|passing to|on|along|it|onto|your
    right|best|correct|better|appropriate|ideal person|contact|one|guy|people|team|place _ is|would|for|be|to|are|@*
    is|are|would|who|that the|be|owns|handles|manages|runs|leads|looks|deals|decides|responsible|covers|our _ right|best|person|contact|that|this|these|after|with|logistics|it|for|procurement|marketing|sales|purchasing|now
    who|lead|manager|head|director|team|colleague|cto|cfo|ceo|coo|cio|cmo|boss|department|counsel|partner handles|owns|manages|runs|leads|looks|deals|decides|oversees|covers|is|would _
    should|would|need|want|have|better|could|please|best be|to|speak|talk|contact|ask|email|reach|try _ to|with|our|my|head|colleague|counsel|speaking|talking|@*
    my|our|a|her|his colleague|successor|replacement|boss|manager|counterpart|predecessor _ instead|is|will|who|for|handles|would|can|@*
    is|has been replaced|succeeded by
    wenden|kontaktieren|sprechen|schreiben|richten|fragen|melden|wende sie|dich|ihr|gerne|bitte _ an|bei|mit|herrn|frau|kollegen|kollegin|unseren|unsere|@*
    an _ herrn|frau|kollegen|kollegin|weitergeleitet|weiter|abteilung|@*
    weitergeleitet|weitergegeben|weiterleite|leite|weiterleiten|setze|cc|kopie _
    zustandig|ansprechpartner|ansprechpartnerin|verantwortlich|verantwortliche|zustandige _ ist|herr|frau|dafur|kollege|kollegin|ware|bei|@*
    kollege|kollegin|herr|frau|abteilung|chef|leiter|leiterin _ zustandig|verantwortlich|kummert|betreut|ansprechpartner|entscheidet|@*
    contactez|contacter|adressez|adresser|voir|voyez|ecrivez|ecrire|rapprocher|rapprochez|tournez|joindre|adressez-vous|rapprochez-vous|prendre _ avec|a|au|notre|mon|ma|collegue|directement|aupres|contact|mr|mme|monsieur|madame|@*
    transmis|transmets|transfere|transferer|copie|fait|mets|transferee|redirige _ a|au|mon|collegue|votre|suivre|copie|notre|demande|mail|message|equipe
    bonne|bon|interlocuteur|responsable|personne _ est|sera|serait|interlocuteur|concernee|@*
    habla|hable|contacta|contacte|escriba|escribe|pregunta|pregunte|dirijase|consulte|ponte|pongase|contactar|hablar|escribir|comunicate|comuniquese _ con|a|mi|al|con|en|companero|companera|departamento|compras|@*
    reenviado|reenvio|remitido|pasado|copio|derivado|paso|remito|copia _ a|al|mi|su|mensaje|correo|con|companero
    persona|responsable|encargado|encargada|indicada|adecuada _ es|de|sera|@*
    contatti|contattare|contatta|scriva|scrivete|rivolga|rivolgersi|parli|parlare|senta|sentire|chieda|contattate|rivolgetevi _ con|a|al|il|la|mio|nostro|collega|ufficio|responsabile|@*
    inoltrato|inoltro|girato|passato|copia|giro _ a|al|alla|mio|collega|sua|mail|nostro
    persona|responsabile|referente _ giusta|e|sarebbe|corretta|si|@*
    contact|neem|mail|vraag|spreek|benader|richt|wend _ op|met|mijn|onze|collega|naar|u|@*
    doorgestuurd|doorsturen|doorgezet|cc|stuur _ naar|aan|collega|door|mijn
    collega|verantwoordelijke|contactpersoon|afdeling _ is|gaat|verantwoordelijk|over|@*
    fale|falar|contacte|contate|contatar|contactar|escreva|procure|dirija-se|pergunte|entre _ com|o|a|meu|minha|colega|departamento|em|@*
    encaminhei|encaminhado|encaminho|reencaminhei|copio|passei|reencaminho _ para|ao|meu|seu|minha|colega|o|em
    pessoa|responsavel|contacto|contato _ certa|indicada|e|por|@*
    kontakta|prata|mejla|maila|hor|vand|fraga|skriv|ta _ med|min|var|kollega|dig|till|kontakt|@*
    vidarebefordrat|vidarebefordrar|skickat|skickar|kopierar|vidare _ till|min|vidare|kollega|in
    ansvarig|ratt|kollega|chef _ ar|person|for|kontakt|@*
    prosze kontaktowac|skontaktowac|napisac _ z|sie|do|@*
"""))  # fmt: skip
"""Counts only with somebody named, an address, or "forwarded"."""

HANDED_ON = Lexicon(
    _lines("""
    copying|ccing|cc'ing|cced|looping|introducing
    copied|added|including|adding my|our|in|@*
    loop|looped in|@*
    cc my|our|in|to|is|@*
    in|on cc
    forwarded|passed|forwarding|passing|redirected|routed|referred|handed|sent|shared _ to|on|with|over|along my|our|the|it|him|her|them|@*
    forwarded|forwarding|passed this|it|your|to
    weitergeleitet|weitergegeben
    leite|gebe _ weiter
    in cc|kopie|copie|copia|kopia
    transmis|transfere|transmets
    fait suivre
    reenviado|reenvio|remitido|derivado
    inoltrato|inoltro|girato
    doorgestuurd|doorgezet
    encaminhei|encaminhado|encaminho|reencaminhei
    vidarebefordrat|vidarebefordrar
    przekazalem|przekazalam|przekazuje
""")
)

WRONG = Lexicon(_lines("""
    wrong|incorrect person|guy|contact|man|woman|address|department|company|one|email|recipient|number|lady|party|team|place|individual|girl
    not|isnt|arent|no|longer|wasnt|never the|your|a|really|longer _ right|correct|best|appropriate person|one|contact|guy|department|recipient|place
    not|isnt|no|longer my|our|in|part|within department|area|role|job|remit|responsibility|decision|call|of _
    not|no|longer responsible|involved|mine
    dont|not|doesnt|no|longer handle|deal|manage|own|cover|run|make|works|responsible|employed _ that|this|these|it|decisions|here|there|purchasing|procurement|with|for|any
    dont|doesnt|didnt|not|no|longer work|works|working here|there|at|for|in|with
    left|leaving|quit _ company|job|role|firm|organisation|organization|position|business|there|that|in
    have|has|had|ive|i left
    retired|retirement|resigned
    company|business|firm|we|office|shop _ closed|shut|dissolved|liquidation|bankrupt|ceased|insolvent|anymore
    mistaken|confused|mixing me|for|with|somebody|someone
    youve|you|have got|have|mistaken the|me _ wrong|person|for
    not me
    someone else
    passed away
    nicht|kein|keine|falsche|falscher|falschen|falsch _ zustandig|ansprechpartner|verantwortlich|richtige|richtiger|adressat|person|mehr|adresse|ansprechpartnerin|bei|aufgabe|bereich|verbunden
    arbeite|arbeitet|bin|ist nicht|dort|hier _ mehr|zustandig
    trompez|tromper|trompe|erreur _ interlocuteur|personne|destinataire|adresse
    pas|plus le|la|de|en|dans|mon _ interlocuteur|personne|ressort|charge|societe|entreprise|contact|responsable|domaine|poste|service
    pas concerne|concernee|responsable
    mauvais|mauvaise interlocuteur|personne|adresse|destinataire
    ne travaille|fait|suis|gere|m' _ plus|pas|partie|la
    no|equivocad*|persona soy|es|me|trabajo|llevo|corresponde|incorrecta|equivocada|trabaja _ persona|encargado|encargada|responsable|indicada|adecuada|aqui|corresponde|tema|ya|mi|departamento|de
    se|te|esta|ha|has equivoca|equivocado|equivocada|confundido
    ya no trabajo|trabaja|estoy|formo|llevo
    non sono|lavoro|e|mi|me|seguo|lavora _ persona|responsabile|referente|giusta|competenza|piu|occupo|io|corretta|qui
    persona|indirizzo|contatto sbagliata|sbagliato|errata|errato
    niet de|mijn|verantwoordelijk|meer|aan _ juiste|persoon|afdeling|werkzaam|verantwoordelijk|contactpersoon|juist|adres
    verkeerde|verkeerd persoon|adres|afdeling|contact|iemand|aan
    werk|werkt _ niet _ meer
    nao sou|trabalho|e|trato|sou|trabalha _ pessoa|responsavel|indicada|certa|aqui|mais|comigo|area|essa
    pessoa|contacto|contato|endereco errada|errado
    ja nao trabalho|trabalha|sou|estou
    inte|fel|ej ratt|ansvarig|person|mitt|jag|langre|adress|min _ person|for|bord|langre|har|omrade
    fel person|adress|mottagare|kontakt
    jobbar|arbetar|har inte|slutat _
    zla|niewlasciwa osoba|adres
    nie jestem|zajmuj*|pracuj* _ osob*|tym|juz|tu|wlasciw*
"""))  # fmt: skip

THANKS = Lexicon(
    _lines("""
    ^ thank|thanks|thx|cheers|ok|okay|noted|received|danke|merci|gracias|grazie|bedankt|obrigado|obrigada|tack|dziekuje|tak|takk
    vielen|besten|herzlichen dank
""")
)
SOURCE = Lexicon(
    _lines("""
    where|how|who did|do|have|gave|had|you|got _ get|got|find|found|obtain|my|obtained|come|have|you _
    how|where come|get|got|found|find _ my|this _ address|email|details|contact|data|number|name
    woher|wie haben|sind|kommen|stammt|kennen _ adresse|e-mail-adresse|daten|kontakt|kontaktdaten|nummer
    ou|comment avez-vous|avez|vous _ trouve|eu|obtenu _ adresse|coordonnees|mail|contact
    comment|d'ou _ adresse|coordonnees|email
    como|donde|quien _ correo|datos|email|contacto|direccion|conseguiste|consiguio|obtenido|obtuvo
    come|dove _ indirizzo|email|contatto|dati|avuto|trovato
    hoe|waar _ adres|gegevens|mailadres|e-mailadres
    como|onde _ email|e-mail|contacto|contato|dados
    hur|var _ mejladress|adress|uppgifter|mailadress
""")
)
