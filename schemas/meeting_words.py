"""How people ask for a meeting, by language; data for `schemas.phrases`."""

from schemas.phrases import Lexicon, lines

_DAY = "monday|tuesday|wednesday|thursday|friday|mon|tue|tues|wed|thu|thur|thurs|fri|tomorrow|today|afternoon|morning|week|noon|1|2|3|4|5|6|7|8|9|10|11|12|9am|10am|11am|1pm|2pm|3pm|4pm|5pm"
_TAG = "montag|dienstag|mittwoch|donnerstag|freitag|morgen|woche|vormittag|nachmittag"
_JOUR = "lundi|mardi|mercredi|jeudi|vendredi|demain|semaine"
_DIA = "lunes|martes|miercoles|jueves|viernes|manana|semana"
_GIORNO = "lunedi|martedi|mercoledi|giovedi|venerdi|domani|settimana"
_DAG = "maandag|dinsdag|woensdag|donderdag|vrijdag|morgen|week"
_FEIRA = "segunda*|terca*|quarta*|quinta*|sexta*|amanha|semana"
_DAGEN = "mandag*|tisdag*|onsdag*|torsdag*|fredag*|imorgon|vecka"

MEETING = Lexicon(lines(f"""
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
