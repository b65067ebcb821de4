"""How people ask to be left alone, refuse, by language; data for `schemas.phrases`."""

from schemas.phrases import Lexicon, lines

UNSUBSCRIBE = Lexicon(
    lines("""
    ^ unsubscribe|unsubscribed|unsub|remove|stop|optout|opt-out $
    ^ unsubscribe|stop|remove please|now|pls|plz|thanks|all|immediately|thx|this|it $
    ^ please|pls|plz|just unsubscribe|stop|remove
    ^ please|pls stop $
    ^ unsubscribe me|us|this|my|from|all
    ^ unsubscribe-* $
    unsubscribe me|us
    want|wish|like|need|asked|request|ask|prefer|love|requesting to|be|an _ unsubscribe|unsubscribed
    want|wish|like|need|prefer|have|love|going|choose|decided|to to|opt opt|out out|of
    opt me|us|out out|of|from
    opting out
    ^ opt-out|optout|opt out|me|please
    remove|delete|erase|take|strike|scrub|scratch|drop|cross|wipe me|us|my|our|this _ off|from|data|details|information|address|email|e-mail|name|record|records|contact
    remove|take|delete|drop|leave|count|leave me|us off|out|from
    ^ remove|delete me|us
    please|kindly remove|delete|erase _ me|my|our|us|this|all
    take me|us off
    off your|the|this _ list|lists|mailing|database|distribution
    be|get|like|want|wish|ask|asked|asking _ removed|deleted|erased|taken|unsubscribed
    remove _ mailing|email|distribution|your list|database|crm|system
    stop|quit|cease emailing|e-mailing|mailing|contacting|writing|sending|spamming|messaging|bothering|harassing|pestering|reaching|soliciting|pitching|these|this|with|all|the|your|any
    can|could|would you|u _ stop $
    can|could you please|kindly stop
    stop it
    ^ enough|stop already|now|please|emails|mails $
    dont|not|never|no email|e-mail|mail|contact|write|send|message|spam|bother|call _ me|us|again|anymore|any|more
    do|please not|dont _ contact|email|e-mail|mail|write|message|reach|send _ me|us|again|anymore
    dont|not|never want|wish|consent|agree|like|care _ to|your|any|these|more|being _ emails|email|mails|contacted|mail|hear|receive|contact|messages|be
    no|not more|further|any|longer emails|mails|email|mail|contact|messages|correspondence|wish|want|communication|communications|solicitation
    not to be contacted|emailed
    lose|forget|delete|destroy|erase|purge|remove my|this|our number|address|email|e-mail|data|details|information|contact
    erase|delete|purge all|any|every _ data|information|records
    right to be|erasure forgotten|
    right to erasure|object|be
    gdpr|dsgvo|rgpd|ccpa|avg _ request|erasure|delete|remove|complaint|violation|breach|article|art|illegal
    article|art|artikel 17|21
    withdraw|revoke|withdrawn|not _ consent
    not|never consent|consented|subscribed|opted
    never signed|subscribed|opted|asked|requested|consented
    didnt|dont|not sign|subscribe|opt|consent up|to|in
    report|reporting|reported _ spam|authorities|authority|regulator|ico|ftc|abuse|police|commissioner|you|domain
    mark|marking|marked|flag|flagging|report _ as spam|junk|phishing
    block|blocking|blocked|blacklist|blacklisting you|sender|domain|your|this you|sender|domain|$|address|email
    this is|unsolicited spam|unsolicited|harassment
    unsolicited spam|email|mail|emails|commercial
    ^ spam $
    legal action
    cease and desist
    not|never|dont _ hear|hearing from you|this
    leave me|us alone
    let me|us be|alone $
    go away
    get lost
    fuck|piss|sod|bugger off|you
    abmelden|austragen|abbestellen
    melden|tragen|nehmen|streichen|loschen|entfernen|lassen|nimm|losch|streich|entfern|entferne|losche|streiche|meld _ mich|uns|meine|unsere|diese|meinen|den _ ab|aus|von|e-mail|email|mail|adresse|daten|verteiler|liste|mailadresse|e-mail-adresse|kontakt
    loschen|loschung|entfernen _ sie|meiner|meine|aller|mich|sofort|bitte
    mich|uns|meine|adresse|e-mail-adresse|daten _ loschen|entfernen|streichen|austragen|abzumelden|entfernt|geloscht
    aus _ verteiler|liste|datenbank|mailingliste|verteilerliste|newsletter
    vom newsletter|verteiler
    keine|keinerlei weiteren|weitere|mails|e-mails|emails|mehr|werbung|zusendung|zusendungen|nachrichten|newsletter _
    nicht mehr|weiter|erneut|wieder|noch _ anschreiben|kontaktieren|schreiben|kontaktiert|angeschrieben|belastigen|mailen|zu|zusenden|schicken
    schreiben|kontaktieren|mailen|schicken|senden sie|ihr _ nicht|keine mehr|weiter|mails|e-mails|weiteren|weitere
    horen|unterlassen sie|auf _ auf|mir|mails|diese|kunftig|zusendung|weitere|mich|zu|das
    widerspreche|widerruf|widerrufe|widersprechen
    unterlassung|abmahnung|belastigung|datenschutzbehorde|rechtsanwalt|anwalt
    lassen sie mich|uns in ruhe
    in ruhe lassen
    desabonner|desinscrire|desabonnez|desinscrivez|desabonnement|desinscription|desinscris|desabonne
    me|nous|de desabonner|desinscrire|retirer|supprimer|radier|enlever|rayer
    retirer|supprimer|enlever|retirez|supprimez|enlevez|effacer|effacez|radiez|rayez _ moi|nous|mon|mes|ma|notre|de|l'|cette _ liste|adresse|donnees|coordonnees|base|email|mail|nom|fichier|fichiers|contacts
    retirez|supprimez|enlevez|desabonnez|desinscrivez|rayez moi|nous|-moi
    retirez-moi|supprimez-moi|enlevez-moi|desabonnez-moi|desinscrivez-moi|rayez-moi|effacez-moi|oubliez-moi
    ne me|nous contactez|contacter|ecrivez|sollicitez|recontactez|relancez|envoyez|demarchez|derangez|contacte|ecris plus|pas|jamais
    ne plus me|nous|etre|recevoir|m'|jamais
    ne _ plus recevoir|etre|contacter|m'|vos
    ne souhaite|veux|desire|souhaitons plus|pas _ recevoir|etre|vos
    arretez|cessez|stoppez|arreter|cesser|arrete de|vos|d'|ces|tout|immediatement|avec|merci
    plus|aucun de|mail|message|email|courriel mails|emails|messages|courriels|sollicitation|sollicitations|de
    droit a|d' l'|opposition|effacement|oubli
    cnil
    m' oppose
    baja de|en su|la|esta|vuestra|tu|sus _ lista|listas|base|newsletter|correos
    dar|darme|deme|dame|denme|darnos|dad|damos|solicito|quiero|pido _ de|la baja
    ^ baja $
    desuscribir*|desuscrib*|desubscrib*|desinscrib*
    cancelar|cancele|cancelen|anular|anule mi|la|suscripcion suscripcion|
    elimine|eliminen|eliminar|borre|borren|borrar|quite|quiten|quitar|saque|saquen|retire|retiren|borrame|eliminame|quitame|elimineme|borreme|quiteme|saqueme|sacame|quitenme|eliminenme _ mi|mis|me|de|nuestro|nuestros|nuestra
    no me|nos|quiero|deseo|queremos|vuelva|vuelvan|vuelvas _ escriba|escriban|envie|envien|contacte|contacten|escribas|envies|contactes|mande|manden|mandes|molesten|moleste|molestes|recibir|escribir*|contactar*|enviar*|llame|llamen
    deje|dejen|deja|paren|pare|para|basta de|ya _ enviar*|escribir*|contactar*|mandar*|molestar*|correos|mails|spam
    no mas|quiero correos|emails|mensajes|mails|mas
    cancellatemi|cancellarmi|cancellami|rimuovetemi|rimuovermi|rimuovimi|disiscrivetemi|disiscrivermi|disiscrizione|disiscriviti|toglietemi|togliermi|toglimi|eliminatemi|eliminarmi|disiscrivere|disiscrivimi|cancellateci|cancellarci|rimuoveteci|mi|rimuova mi|dalla|dalle|dal|subito|prego|da|cancelli|rimuova|tolga|disiscriva|per|immediatamente
    cancellatemi|rimuovetemi|disiscrivetemi|toglietemi|cancellarmi|rimuovermi|disiscrivermi|toglietemi
    cancellare|rimuovere|cancellate|rimuovete|eliminare|eliminate|cancelli|rimuova|elimini|tolga|togliere|cancellazione _ mio|mia|miei|nostro|indirizzo|email|dati|contatto|nominativo
    non inviatemi|scrivetemi|contattatemi|mandatemi|inviarmi|scrivermi|contattarmi|mandarmi|mi|ci|scriveteci|inviateci|contattateci _ piu|altre|altri|contatti|scriva|invii|mandi|mail|email
    non desidero|voglio|vogliamo|desideriamo|intendo _ ricevere|essere|piu
    smettete|smetta|smettetela|smettila|basta|finitela _ di|mail|email|scrivere|mandare|inviare
    basta email|mail|messaggi|spam
    uitschrijven|afmelden|uitgeschreven|afgemeld|uitschrijving|uitschrijf
    schrijf|meld|haal|verwijder|haalt|verwijdert _ mij|me|ons|mijn|onze _ uit|af|van|email*|e-mail*|gegevens|adres|mailadres|lijst|mailinglijst|bestand
    verwijder|verwijderen|wis|wissen _ mijn|mij|onze|gegevens|adres
    geen|niet mails|e-mails|emails|verdere|berichten|mail|meer|langer|reclame|prijs _ meer|mails|e-mails|emails|sturen|ontvangen|mailen|contacteren|benaderen|ontvang|stuur|op
    stop|stopt|hou met|op _ mailen|mails|sturen|berichten|contact|e-mailen|spammen|e-mails
    niet meer|langer _ mailen|benaderen|contacteren|ontvangen|benaderd|gemaild|lastigvallen
    stuur|mail me|mij|ons geen|niet _ meer
    remova|remover|retire|retirar|exclua|excluir|apague|apagar|elimine|eliminar|tire|tirem|removam|retirem|excluam|remova-me|retire-me|exclua-me|tire-me|apague-me|elimine-me|remover-me _ me|meu|minha|meus|nosso|da|de|do|este|esse _
    ^ remova-me|retire-me|exclua-me|tire-me|remover|descadastrar
    descadastrar|descadastre|descadastrem|descadastro|desinscrever|desinscreva|desinscreva-me|cancelar _
    cancelar|cancele|anular a|minha|o subscricao|inscricao|assinatura|minha
    nao me|quero|desejo|nos|pretendo|voltem|volte|queremos _ envie|enviem|contacte|contactem|contate|contatem|escreva|escrevam|receber|mande|mandem|contactar|enviar|contatar|contactado|contatado
    pare|parem|deixe|deixem|chega|parar de|com _ enviar|mandar|escrever|contactar|contatar|e-mails|emails|mensagens|me
    sem|nao mais|quero e-mails|emails|mensagens|mais
    avregistrera|avprenumerera|avregistreras|avprenumeration|avanmal|avanmala|avsluta prenumeration|mig|oss|min|tack|detta|denna|
    ^ avregistrera|avprenumerera|avanmal
    avregistrera|avprenumerera|avanmal mig|oss
    ta|stryk|radera|plocka bort|mig|oss|min|mina|vara|var|mitt _ mig|oss|min|mina|mejl|mail|e-post*|uppgifter|adress|fran|namn
    inga|inte fler|mer|flera|langre|inga|inte _ mejl|mail|mejla|utskick|fler|meddelanden|kontakta|maila|skicka|e-post
    sluta mejla|maila|skicka|kontakta|skriva|spamma|hora
    kontakta|mejla|maila|skriv mig|oss|inte _ inte|igen|mer
    vill inte _ ha|fa|bli|kontaktas|kontaktad
    afmeld|afmelde|frameld|framelde|avmeld|afmelding mig|meg|fra|fran|venligst|tak|
    fjern|slet|slett mig|meg|min|mit|mine|os|oss|mitt
    prosze|prosimy o|nie|mnie|usunac|usunąć|wypisac|wypisanie|usuniecie|mnie _ usun*|wypis*|wysylac|kontaktowac|pisac|wiecej|mnie|danych
    wypisz|wypiszcie|usun|usuncie|wypisac mnie|moj|moje|nas|prosze
    nie zycze|chce sobie|otrzymywac|dostawac|wiecej
    nie wysyl*|pisz*|kontakt*
""")
)
"""Whoever says this gets nothing more. Wide on purpose: a wrong hit costs one lead, a miss costs trust."""

LEGAL = Lexicon(
    lines("""
    report|reporting|reported _ spam|authorities|authority|regulator|ico|ftc|you|police|commissioner
    legal action
    cease and desist
    unsolicited spam
    lawyer|lawyers|solicitor|attorney|anwalt|rechtsanwalt|abmahnung|avocat|abogado|avvocato|advocaat|advogado
    datenschutzbehorde|unterlassung|cnil|aepd|garante
""")
)
ERASE = Lexicon(
    lines("""
    delete|erase|purge|remove my|all|our|any data|information|records|personal|details
    delete|erase all|any|my _ data
    right to erasure|be
    gdpr|dsgvo|rgpd|ccpa
    article|art|artikel 17|21
    meine daten
    loschung
    mes donnees
    mis datos
    miei dati
    mijn gegevens
    meus dados
    mina uppgifter
""")
)

NO = Lexicon(
    lines("""
    not|isnt|arent|wasnt|no|never|hardly|dont|longer _ interested|interesting|keen
    not|isnt|arent|no longer|currently|really|particularly|that|very|a|the relevant|applicable|needed|priority|fit
    no|not|without|lost|zero|little|any|havent|have|has interest
    no interest
    ^ no|nope|nah|nein|non|nee|nej|nao|nie $
    no thanks|thank|thx|ty
    but|its|is|still|hard|firm|definite|afraid|a no $
    still|definitely|absolutely|hard|firm no
    its|is a no
    thanks|thx|you but no
    dont|not|doesnt|didnt have|need|see|think|want|fit|apply|feel|require|use _ need|this|it|budget|fit|use|value|requirement|apply|anything|what|interest
    not|dont|doesnt|didnt need|require|apply|fit|suit|want
    not looking|seeking|considering|pursuing|buying|planning
    not for me|us
    not a|the|right|good|our|my _ fit|priority|match|focus
    isnt a|right|relevant|something _ fit|for|priority|match|we|i
    already have|use|using|work|working|covered|got|partnered|signed|chosen|committed|sorted|invested
    already do|did this|it|that
    have|use|using something|someone|somebody|solution|vendor|provider already
    happy|satisfied|content|pleased with|where
    sorted|covered for|on|here|already|thanks|with|$
    stick|sticking|staying with
    all good|set $|thanks|thank|here|for
    are|im|am good|fine|set thanks|thank|here|as|already
    ill|well|will|to|gonna|have|must|going pass|decline
    ^ pass|decline|declined|declining
    pass on this|for|now|it|that
    no|havent|dont|without|little|zero|have budget|money|funds|capacity|bandwidth|resources|plans|requirement|requirements|demand|appetite|need|use|fit
    no|dont|havent _ time for|to
    budget|budgets|hiring|spending|spend is|are|been|has _ frozen|cut|gone|spent|frozen
    frozen|freeze _ hiring|budget|budgets|spending|spend
    hiring|budget|spending freeze
    cutting|reducing|consolidating vendors|suppliers|tools|costs|spend|back
    built|build|developed|do|handle|manage this|it|that|our|everything|all _ internally|in-house|ourselves|inhouse|own
    in a different|another direction
    decided|opted|chose|chosen _ not|against|another|different|elsewhere|someone|competitor
    went|gone with another|someone|a|somebody|different
    gone|went|going elsewhere
    wont|cant|cannot|not be|_ continue|proceed|proceeding|continuing|renewing|renew|pursuing
    wont|not be _ moving|taking|going
    too limited|expensive|small|early|late|pricey
    not useful|helpful|worth
    third time unlucky
    bad|wrong|poor|terrible|not|isnt|wasnt timing|time|moment
    not|isnt|wasnt a|the _ time|moment|timing
    timing is|isnt|not|was|wasnt _ bad|off|wrong|right|great|good|ideal
    thank|thanks you|but _ decline|pass
    respectfully|politely|must|afraid decline|pass
    waste|wasting of|my|your time
    kein|keinen|keine|keinerlei|nicht|kaum|ohne _ interesse|bedarf|interessiert|budget|verwendung|thema|interessant|relevant|notwendig|notig|benotigen|brauchen|gebraucht|kapazitat|kapazitaten|zeit
    nein danke|vielen|leider|wir
    ^ leider|derzeit|aktuell|momentan nicht|kein|keinen|keine|leider
    haben|nutzen|arbeiten|sind|verwenden|setzen|gibt bereits|schon|zufrieden|gut _
    bereits|schon einen|eine|mit|ein|versorgt|gut|anbieter|vergeben|in|im|jemanden|partner _
    zufrieden|bestens|gut mit|versorgt|aufgestellt
    anderweitig|anders|dagegen entschieden|vergeben|gelost
    lehnen|lehne|verzichten|verzichte|sehen|absage wir|ich|ab|dankend|davon|darauf|ihnen
    passt|kommt|lohnt|trifft _ nicht|nichts
    aktuell|derzeit|momentan|zurzeit leider|_ nicht|kein|keinen|keine
    pas|aucun|aucune|sans|guere d'|interesse|interesses|interessee|interessees|besoin|interessant|budget|concerne|concernes|pertinent|pour|utile|projet|priorite _
    plus besoin|interesse|interesses|d'actualite
    pas|plus le|la|de|en|ce _ besoin|budget|priorite|moment|projet|actualite
    pas|plus d' actualite|interet|utilite
    ne _ interesse|interessons|convient|correspond pas|plus
    non merci|
    avons|ai|travaillons|utilisons|sommes|disposons deja|satisfaits _
    deja un|une|des|equipes|equipe|ce|avec|en _
    satisfaits|satisfait|contents de|avec
    ne donnons|donnerons|souhaitons|souhaite|pouvons|prevoyons|envisageons|donnerai pas|rien _
    nous|je declinons|decline|passons
    no|nada|poco|tampoco _ interesa|interesados|interesado|interesada|interes|interesan|necesitamos|necesito|necesario|presupuesto|encaja|aplica|momento|buscamos|requerimos
    no gracias|,
    ^ no por|,|no,|gracias
    ya tenemos|tengo|trabajamos|usamos|contamos|disponemos|estamos|utilizamos|hemos|trabajo|uso
    sin|falta presupuesto|interes|de
    estamos|contentos contentos|satisfechos|servidos|con _
    hemos decidido|optado|elegido
    non|nessun|nessuna|senza|niente|poco _ interessa|interessati|interessato|interessata|interesse|bisogno|necessita|budget|serve|interessano|adatto|momento|previsto|possiamo
    no grazie|,
    abbiamo|siamo|utilizziamo|usiamo|lavoriamo|collaboriamo|ho gia|soddisfatti|serviti|a _
    gia un|una|coperti|con|fornitore
    geen|niet|nee interesse|behoefte|budget|geinteresseerd|interessant|nodig|voor|relevant|prioriteit|bedankt|dank|van|aan _
    nee bedankt|dank|dankje|,
    ^ nee|helaas $|niet|geen
    hebben|werken|gebruiken|zijn al|reeds|tevreden|voorzien _
    al een|met|voorzien|iemand
    tevreden met|over
    nao|sem|nenhum|pouco _ interesse|interessa|interessados|interessado|interessada|precisamos|necessitamos|preciso|orcamento|temos|adequado|momento|procuramos|obrigado|obrigada
    ja temos|tenho|trabalhamos|usamos|utilizamos|contamos|possuimos
    satisfeitos com
    inte|ej|ingen|inget|inga|icke intresserad|intresserade|intresse|intressant|behov|aktuellt|budget|behover|nagot|for|just|relevant _
    ^ nej
    nej|ikke|nei tack|tak|takk|interesseret|interessert|interesse
    har|anvander|arbetar|ar redan|nojda _
    redan en|ett|har|en
    nojda med
    nie jestem|jestesmy|mamy|potrzebuj*|dziekuj*|interesuj* _
    brak zainteresowania|potrzeby|budzetu
    nie|niezainteresowan* zainteresowan*|dzieki|dziekuje
""")
)
