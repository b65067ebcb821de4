"""How people say yes, or name somebody else, by language; data for `schemas.phrases`."""

from schemas.phrases import Lexicon, lines

# fmt: off


NEGATIONS = frozenset(
    [
        "not", "no", "never", "dont", "doesnt", "didnt", "cant", "cannot", "wont", "isnt",
        "arent", "wouldnt", "without", "nor", "neither", "hardly", "nobody", "nicht", "kein",
        "keine", "keinen", "keinerlei", "nie", "weder", "ohne", "pas", "ne", "ni", "aucun",
        "aucune", "jamais", "sans", "plus", "no", "ni", "nunca", "tampoco", "sin", "ningun",
        "non", "ne", "mai", "senza", "nessun", "nessuna", "niet", "geen", "nooit", "zonder",
        "nao", "nem", "nunca", "sem", "nenhum", "nenhuma", "inte", "ej", "ingen", "inget",
        "aldrig", "utan", "ikke", "nie", "ani", "bez",
    ]
)

INTERESTED = Lexicon(lines("""
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

REFERRAL = Lexicon(lines("""
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
    lines("""
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

WRONG = Lexicon(lines("""
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
    lines("""
    ^ thank|thanks|thx|cheers|ok|okay|noted|received|danke|merci|gracias|grazie|bedankt|obrigado|obrigada|tack|dziekuje|tak|takk
    vielen|besten|herzlichen dank
""")
)
SOURCE = Lexicon(
    lines("""
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
