"""What machines write, by language; data for `schemas.phrases`. Refuses phrases that people use of themselves."""

from schemas.phrases import Lexicon, lines

AWAY = Lexicon(
    lines("""
    out of _ office
    out of _ the office
    ooo
    away from _ office|desk|email|e-mail|mail|keyboard
    away until|till|from
    i am|im|ill|i'll|is away
    currently away|travelling|traveling|unavailable
    im|am|be|is|are off until|till|today|this|for|from|on
    ^ off until|till
    on|taking annual|vacation|holiday|holidays|leave|pto|maternity|paternity|parental|sick|medical|sabbatical|family|bereavement
    on a vacation|holiday|break|leave|sabbatical|business
    on my vacation|holiday|holidays|leave|honeymoon
    limited|intermittent|no|sporadic access to _ email|e-mail|mail|emails|internet
    limited connectivity|access|availability
    im|am travelling|traveling
    back in _ office
    will|ill|i'll be back|return|returning
    upon|on|after|until my return
    when i return|get
    be unavailable|unreachable until|from|till|through
    office|offices is|are|will closed
    office|offices be closed
    were|are|is closed monday|tuesday|wednesday|thursday|friday|saturday|sunday|for|on|until|from
    ^ office closed
    working days are
    my replies|response|responses will|may be delayed|slow|slower
    nicht im buro|haus
    nicht an meinem arbeitsplatz
    ausser haus
    im urlaub|mutterschutz|elternzeit|krankenstand
    in urlaub|elternzeit|mutterschutz
    auf dienstreise|geschaftsreise|reisen
    abwesend|abwesenheit|abwesenheitsnotiz|abwesenheitsmeldung|abwesenheitsnachricht
    nicht|nur eingeschrankt|begrenzt|bedingt erreichbar
    nicht erreichbar
    wieder _ buro|erreichbar|da|zuruck|verfugung|anwesend
    ab|am _ zuruck
    krankgeschrieben|betriebsferien|betriebsurlaub|betriebsruhe
    absent|absente _ bureau
    suis|serai|est|sommes|actuellement absent*
    absent|absente|absents|absence du|jusqu'|jusqu'au|jusquau|de|pour
    en|de|mes vacances|conges|conge
    en deplacement|arret|formation
    de retour _ le|lundi|mardi|mercredi|jeudi|vendredi|au|a|vers|debut|fin
    des|a mon retour
    ^ absence $
    fuera de _ oficina|despacho
    de vacaciones|baja|viaje|permiso
    estare|estoy ausente|fuera
    ausente|ausencia hasta|del|desde|de
    sin acceso a _ correo|email|e-mail
    volvere|regresare|vuelvo|regreso|reincorporare _ el|lunes|martes|miercoles|jueves|viernes|oficina
    a mi|la vuelta|regreso
    fuori ufficio|sede|studio
    fuori dall' ufficio
    in|per ferie|vacanza|maternita|malattia|trasferta
    sono|saro assente
    assente dall'|dal|fino
    tornero|rientrero|rientro _ il|lunedi|martedi|mercoledi|giovedi|venerdi|ufficio
    al mio|rientro rientro|ritorno
    sono assente|assenza
    afwezig|afwezigheid
    niet op|aanwezig kantoor|het
    op vakantie|zakenreis|verlof
    met vakantie|verlof|zwangerschapsverlof|ouderschapsverlof
    weer|terug terug|op|bereikbaar|aanwezig
    ben|uit kantoor
    fora do|de escritorio|ferias
    de|em ferias|licenca|viagem
    estou|estarei ausente|fora
    ausente|ausencia ate|do|de
    volto|voltarei|regresso|regressarei|retorno|retornarei ao|a|no|dia|em
    franvaro|franvarande|semester|semesterledig|foraldraledig|tjansteresa
    inte|ej pa|i|anstralbar|tillganglig kontoret|tjanst
    pa|har semester
    inte anstralbar|tillganglig|nåbar|nabar
    ar|vara tillbaka|ater
    ikke|er pa|til kontoret|stede
    pa|har ferie|barsel|orlov
    fraværende|fravaerende
    tilbake|tilbage pa|den|igen|igjen
    jestem|nieobecny|nieobecna nieobecny|nieobecna|urlopie|do|w
    na|urlopie urlopie|zwolnieniu
    poza biurem
    wracam|wroce _ do|dnia
""")
)
"""Somebody is not there and comes back."""

BARE_AWAY = Lexicon(
    lines("""
    out of _ office
    on|taking annual|vacation|holiday|leave|pto|maternity|paternity|parental|sick|medical
    im|am|be off until|till|today|this|for
    ^ off until|till|today
    ^ ooo
    ooo until|till
    im|am travelling|traveling until|this
    im|am away until|till|this|from
    limited connectivity|access until|till
    bin|ich|derzeit im urlaub
    nicht im buro
    bin ausser haus
    bin abwesend
    bin|erst wieder _ zuruck|erreichbar|da
    suis|serai absent*
    suis|serai en vacances|conges|deplacement
    serai de retour
    estoy|estare de|fuera vacaciones|de|baja
    sono fuori|in ufficio|ferie
    ben afwezig
    op|met vakantie
    estou|estarei de|fora ferias|do
    har|pa semester
    jestem na urlopie
""")
)
"""What a person types by hand who is away, too; only in a mail that says nothing else."""

TICKET = Lexicon(
    lines("""
    ticket|case|request|enquiry|inquiry _ been created|opened|received|logged|registered|submitted|assigned
    ticket|case|request|reference|vorgangs number|id|no|nummer|nr
    created|opened|raised a|case|ticket ticket|case|for
    weve|have|we created|opened|raised|logged _ case|ticket
    your request _ received
    your request|ticket|case|enquiry|inquiry _ being reviewed|processed
    ticket mit|wurde|nummer
    unter _ nummer|ticketnummer|vorgangsnummer|aktenzeichen
    ihre anfrage _ erhalten|eingegangen|erfasst
    anfrage|nachricht|mail|e-mail _ erhalten|eingegangen
    demande|message|courriel|mail _ recu|recue|enregistree|enregistre
    sous|le le|numero numero|de
    hemos recibido _ solicitud|mensaje|correo|consulta|peticion
    solicitud|mensaje _ recibido|recibida|registrada
    abbiamo ricevuto
    richiesta _ ricevuta|registrata|presa
    aanvraag|bericht|verzoek|mail _ ontvangen|geregistreerd
    onder|met nummer
    recebemos _ mensagem|pedido|solicitacao|e-mail|email
    pedido|mensagem _ registado|registrado|recebido|recebida
    arende|meddelande _ registrerats|mottaget|mottagits
    har tagit emot
    zgloszenie|wiadomosc _ zarejestrowane|przyjete|otrzymalismy
""")
)
ROBOT = Lexicon(
    lines("""
    automated|automatic|auto-generated|auto|automatically message|response|reply|confirmation|email|e-mail|acknowledgement|acknowledgment|notification|generated|answer
    automatically generated|sent
    this|an|is autoreply|auto-reply|autoresponder
    do|please not reply|respond to|directly
    please do not reply|respond
    mailbox|inbox|address|account _ not|no|isnt|unattended|longer monitored|checked|read|attended|unattended
    not|isnt|un monitored
    unmonitored|unattended mailbox|inbox|address
    will not receive a response|reply
    we|weve|have have|received|received _ your email|message|enquiry|inquiry|mail|e-mail|request|application|note|query|submission
    your email|message|enquiry|inquiry|mail|application|submission _ received
    thank|thanks you|for for contacting|emailing|writing|getting|reaching|your _ we|will|our|team|support
    thank|thanks you|for for contacting|emailing $
    ^ thank|thanks you|for for|emailing|contacting emailing|contacting|purchasing|support|sales
    we aim|try|endeavour|strive to respond|reply|answer
    will reply|respond|reply|answer|be shortly|soon|in|within|back
    get|be back|in to|touch you shortly|soon|within|as
    one|two|24|48|1|2|3 business|working|hours day|days
    due to _ volume
    cannot reply|respond individually
    our hours|office are|hours
    register|registered|apply at|via our|the supplier|portal
    spam guard|filter|protection|arrest
    approved senders
    click _ link _ approved|verify|confirm|deliver|added
    verify your email|address
    your message was read|displayed|delivered|opened
    was read on
    has|have accepted|declined|tentatively this|your|the|accepted invitation|meeting|event
    declined|accepted this invitation
    no longer monitored|in|valid|active use|employed
    new email|e-mail|mail address
    email|e-mail|mail address has|is changed|now
    please use _ from now
    i|only check|read email|mail|emails|e-mail twice|once|only|two|three|at
    diese|dies|ist nachricht|mail|e-mail|eine|ist automatische|automatisch|wurde
    automatische|automatisierte|automatisch antwort|nachricht|e-mail|mail|generierte|generiert|erstellt|erzeugt|eingangsbestatigung|bestatigung
    automatisch generiert|generierte|erstellt|erzeugt|versendet
    eingangsbestatigung|empfangsbestatigung|lesebestatigung
    bitte _ nicht _ diese|auf mail|e-mail|nachricht
    adresse|postfach _ nicht _ abgerufen|gelesen|uberwacht
    schnellstmoglich|umgehend|zeitnah _ bearbeiten|melden|antworten|beantworten
    message|reponse|courriel|mail automatique
    accusons reception
    accuse de reception
    bien recu|ete votre|recu
    a bien ete recu|recue|enregistree
    meilleurs delais
    merci de ne pas repondre
    mensaje|respuesta|correo automatico|automatica
    acuse de recibo
    recibido correctamente
    en breve nos|le
    no responda|responder a
    messaggio|risposta automatico|automatica
    conferma di ricezione|lettura
    si prega di non rispondere
    le risponderemo|risponderemo
    automatisch bericht|antwoord|gegenereerd
    ontvangstbevestiging|leesbevestiging
    zo spoedig|snel mogelijk
    niet op deze mail|e-mail
    mensagem|resposta automatica
    confirmacao de recebimento|leitura
    nao responda
    automatiskt meddelande|svar
    autosvar|automatisvar
    mottagningsbekraftelse
    svara inte pa
    wiadomosc|odpowiedz automatyczna
    prosimy nie odpowiadac
""")
)
"""A machine answers for somebody, or instead of anybody."""

LEFT = Lexicon(
    lines("""
    no longer works|working|with|employed|at|part|here|an|in
    not longer works|with|employed
    has|have|hes|shes|is left|leaving _ company|organisation|organization|firm|business|us|team
    is no longer with|at|employed|an|part|working|here
    doesnt|does|dont not|work work|here|for anymore|here|for|any
    has|is retired|retiring
    nicht|im mehr bei|im|fur|ruhestand uns|unternehmen|beschaftigt|tatig
    nicht mehr beschaftigt|tatig|bei|im|fur
    hat _ unternehmen|firma verlassen
    aus _ unternehmen|firma ausgeschieden
    ausgeschieden|ruhestand
    ne fait plus partie
    a quitte _ societe|entreprise|fonctions|groupe
    ne travaille plus
    n' est plus
    ya no trabaja|forma|pertenece
    dejo|ha de|dejado trabajar|la|empresa
    non lavora piu
    non fa piu parte
    ha lasciato _ azienda|societa
    werkt niet meer|langer
    niet langer|meer werkzaam
    uit dienst
    ja|nao nao|trabalha trabalha|mais|faz
    nao faz mais parte
    deixou _ empresa
    arbetar|jobbar inte langre|kvar
    har slutat
    juz nie pracuje
    nie pracuje juz
""")
)
"""The person is gone for good."""

_OUT = "out of office|out of the office|out-of-office|autoreply: out|away from|abwesenheitsnotiz|abwesend|abwesenheit|abwesenheitsmeldung|abwesenheitsagent|nicht im büro|urlaub|absence|absent|absente|message d'absence|fuera de la oficina|fuera de oficina|ausencia|ausente|vacaciones|fuori sede|fuori ufficio|assenza|assente|afwezig|afwezigheid|niet aanwezig|fora do escritório|ausência|férias|frånvaro|frånvarande|semester|fravær|nieobecn|poza biurem|office closed|on vacation|on holiday|on leave|annual leave|holiday:|vacation:|ooo|不在|休暇"
_AUTO = "automatic reply|auto reply|autoreply|auto-reply|automated reply|automated response|automatic response|auto response|autoresponse|auto:|automatische antwort|automatische reaktion|réponse automatique|reponse automatique|respuesta automática|respuesta automatica|risposta automatica|automatisch antwoord|automatisch bericht|resposta automática|resposta automatica|autosvar|automatiskt svar|automatisk svar|automatic svar|odpowiedź automatyczna|automatyczna odpowiedź|automaattinen vastaus|自動返信|自动回复|自動応答|自动答复"
_TICKETS = "[ticket|[request received|[case|ticket #|ticket received|case #|we have received your|we've received your|request received|thank you for contacting|thank you for your email|thanks for contacting|votre message a bien été reçu|votre demande a|accusé de réception|acuse de recibo|hemos recibido|conferma di ricezione|abbiamo ricevuto|ontvangstbevestiging|wij hebben uw|recebemos|vi har tagit emot|eingangsbestätigung|empfangsbestätigung|ihre anfrage ist|action required: verify|verify your email|new email address|accepted:|declined:|tentative:|tentatively accepted|angenommen:|abgelehnt:|accepté :|refusé :|aceptado:|rechazado:|accettato:|rifiutato:|read:|gelesen:|lu :|leído:|letto:|gelezen:|not read:|read receipt|lesebestätigung|delivered:"
AWAY_SUBJECTS = tuple(_OUT.split("|"))
AUTO_SUBJECTS = tuple(_AUTO.split("|"))
TICKET_SUBJECTS = tuple(_TICKETS.split("|"))
