"""How people put off, by language; data for `schemas.phrases`."""

from schemas.phrases import Lexicon, lines

LATER = Lexicon(
    lines("""
    not|isnt right|at|this|the|currently|until|before _ now|moment|time|year|quarter|summer|priority|stage
    not now|yet|currently|anytime
    not|nothing _ until|before
    maybe|perhaps|possibly later|next|after|another|down|sometime
    try|reach|check|circle|come|get|contact|ping|follow|touch|revisit|reconnect _ again|later|year|quarter|month|months|summer|autumn|fall|spring|winter|q1|q2|q3|q4|january|february|march|april|june|july|august|september|october|november|december
    timing is|isnt|not|was|wasnt
    bad|wrong|not|isnt|poor timing|time
    later this|in
    nachstes|nachsten|kommendes|kommenden|im|ab|spater|anfang|ende jahr|quartal|monat|jahres|nachsten|herbst|fruhjahr|sommer|januar|oktober|erst|noch|wieder _
    spater|erst|zu|ab wieder|nochmal|noch|gerne|im|ab|einem|einmal|nachstes _
    derzeit|aktuell|momentan|zurzeit|moment|gerade|jetzt _ nicht|kein|keinen|keine|schlecht|unpassend|ungunstig|noch
    pas|plus le|pour|maintenant|en|actuellement|avant|dans|tout _ moment|instant|maintenant|ce|actuellement|septembre|rentree|annee|immediat|priorite
    recontacter|recontactez|revenez|revenir|relancez|relancer|rappeler|rappelez|reparler|reparlons|recontactez-moi|reparlons-en|voir _ plus|prochain|prochaine|dans|en|a|apres|l'|debut|vers|au
    trimestre|annee|mois|semestre prochain|prochaine
    apres les|l'|la|le vacances|ete|rentree
    ahora|actualmente|este|mal|buen no|mismo|momento|por|es _ no|momento|
    ahora|hoy no|mismo|por _
    mas|despues|proximo|proxima|siguiente|otro adelante|tarde|del|de|ano|trimestre|mes|verano|semestre|vez|momento
    no|mal es|momento|ahora _ momento|ahora
    al|in|per momento|questo|ora|adesso _ non|no|momento
    piu|dopo|prossimo|prossima|nuovo avanti|tardi|l'|le|la|anno|trimestre|mese|estate|vacanze|semestre
    non e|ora|adesso|al _ momento|periodo|ora|adesso
    nu|momenteel|op niet|geen|even|dit|nog _ niet|geen|moment
    volgend|volgende|later|najaar|na jaar|kwartaal|maand|dit|nog|in|weer|zomer|de _
    agora|neste|de|por nao|momento|enquanto _
    nao e|agora|neste _ momento|agora|altura
    proximo|proxima|mais|depois|ano trimestre|ano|mes|tarde|do|das|de|semestre|que
    inte|passar just|nu|inte|annu|det _ nu|just|annu
    nasta|senare|efter|aterkom|hor ar|kvartal|manad|i|sommaren|semestern|garna|gang|av|igen|nasta _
""")
)
"""Only beside a refusal, or with a time named: not now, but perhaps then."""
