"""Words of Strava's account archive in the languages it is most often asked for in, without accents."""

from typing import Final

COLUMNS: Final[dict[str, tuple[int, int, tuple[str, ...]]]] = {
    "archive_id": (
        0, 0,
        ("activity id", "aktivitats-id", "id de l'activite", "id de actividad", "id de la actividad",
         "id da atividade"),
    ),
    "start_time": (
        1, 0,
        ("activity date", "aktivitatsdatum", "date de l'activite", "fecha de la actividad", "fecha de actividad",
         "data da atividade"),
    ),
    "name": (
        2, 0,
        ("activity name", "name der aktivitat", "nom de l'activite", "nombre de la actividad", "nombre de actividad",
         "nome da atividade"),
    ),
    "sport": (
        3, 0,
        ("activity type", "aktivitatsart", "type d'activite", "tipo de actividad", "tipo de atividade",
         "tipo da atividade"),
    ),
    "description": (
        4, 0,
        ("activity description", "aktivitatsbeschreibung", "beschreibung der aktivitat", "description de l'activite",
         "descripcion de la actividad", "descripcion de actividad", "descricao da atividade"),
    ),
    "gear": (
        11, 0,
        ("activity gear", "aktivitatsausrustung", "equipement pour l'activite", "equipement de l'activite",
         "equipamiento de la actividad", "equipamiento para la actividad", "equipo de la actividad",
         "equipamento da atividade", "equipamento para atividade"),
    ),
    "file_name": (
        12, 0,
        ("filename", "file name", "dateiname", "nom du fichier", "nombre del archivo", "nombre de archivo",
         "nombre del fichero", "nome do arquivo", "nome do ficheiro"),
    ),
    "elapsed_time": (
        15, 1,
        ("elapsed time", "verstrichene zeit", "temps ecoule", "duree ecoulee", "tiempo transcurrido",
         "tempo decorrido"),
    ),
    "moving_time": (
        16, 0,
        ("moving time", "bewegungszeit", "duree de deplacement", "temps de deplacement", "tiempo en movimiento",
         "tempo de movimentacao", "tempo em movimento"),
    ),
    "distance": (17, 1, ("distance", "distanz", "distancia")),
    "elevation_gain": (
        20, 0,
        ("elevation gain", "hohenzunahme", "denivele positif", "denivele", "desnivel positivo", "desnivel",
         "ganho de elevacao"),
    ),
    "average_cadence": (
        29, 0,
        ("average cadence", "durchschnittliche trittfrequenz", "durchschnittliche kadenz", "cadence moyenne",
         "cadencia media", "cadencia promedio"),
    ),
    "max_heartrate": (
        30, 1,
        ("max heart rate", "max. herzfrequenz", "frequence cardiaque max.", "frequence cardiaque maximum",
         "ritmo cardiaco maximo", "frecuencia cardiaca maxima", "frequencia cardiaca maxima"),
    ),
    "average_heartrate": (
        31, 0,
        ("average heart rate", "durchschnittliche herzfrequenz", "frequence cardiaque moyenne",
         "ritmo cardiaco promedio", "frecuencia cardiaca media", "frequencia cardiaca media"),
    ),
    "calories": (34, 0, ("calories", "kalorien", "calorias")),
}  # fmt: skip
"""Field -> (its place in the archives of today, which of the columns of its name, its names)."""

SHORT_ELAPSED, SHORT_DISTANCE = 5, 6
"""Places of the first columns of those names: whole seconds, and km (m for swims)."""

COMMA_LANGUAGES: Final = frozenset(
    {"aktivitats-id", "id de l'activite", "id de actividad", "id de la actividad", "id da atividade"}
)
"""First headers of the languages that write 1,5 for one and a half."""

SPORTS: Final[dict[str, tuple[str, ...]]] = {
    "Run": ("run", "lauf", "laufen", "course a pied", "carrera", "correr", "corrida"),
    "TrailRun": ("trail run", "traillauf", "trailrunning", "trail", "carrera de trail", "corrida em trilha"),
    "VirtualRun": ("virtual run", "virtueller lauf", "course a pied virtuelle", "carrera virtual", "corrida virtual"),
    "Ride": (
        "ride", "radfahrt", "radfahren", "fahrt", "velo", "sortie a velo", "sortie velo", "bicicleta",
        "vuelta ciclista", "ciclismo", "pedalada",
    ),
    "VirtualRide": (
        "virtual ride", "virtuelle radfahrt", "virtuelles radfahren", "velo virtuel", "sortie a velo virtuelle",
        "bicicleta virtual", "vuelta ciclista virtual", "ciclismo virtual", "pedalada virtual",
    ),
    "MountainBikeRide": (
        "mountain bike ride", "mountainbike-fahrt", "mountainbiken", "vtt", "sortie vtt", "ciclismo de montana",
        "bicicleta de montana", "mountain bike", "pedalada de mountain bike",
    ),
    "GravelRide": ("gravel ride", "gravel-fahrt", "gravel", "sortie gravel", "ciclismo gravel", "pedalada em cascalho"),
    "EBikeRide": (
        "e-bike ride", "e-bike-fahrt", "velo electrique", "sortie a velo electrique", "bicicleta electrica",
        "pedalada de bicicleta eletrica", "bicicleta eletrica",
    ),
    "Swim": ("swim", "schwimmen", "natation", "natacion", "natacao"),
    "Walk": (
        "walk", "spaziergang", "gehen", "marche", "caminata", "caminar", "andar", "caminhada",
    ),
    "Hike": ("hike", "wanderung", "wandern", "randonnee", "excursion", "senderismo", "trilha", "trekking"),
    "Snowshoe": ("snowshoe", "schneeschuhwandern", "raquettes", "raquetas de nieve", "caminhada na neve"),
    "NordicSki": ("nordic ski", "langlauf", "ski de fond", "ski nordique", "esqui nordico", "esqui de fondo"),
    "AlpineSki": ("alpine ski", "ski alpin", "alpinski", "esqui alpino"),
    "BackcountrySki": ("backcountry ski", "skitour", "ski de randonnee", "esqui de travesia"),
    "RollerSki": ("roller ski", "rollski", "ski a roulettes", "rollerski"),
    "InlineSkate": ("inline skate", "inlineskaten", "roller", "patinaje en linea", "patinacao inline"),
    "IceSkate": ("ice skate", "eislaufen", "patin a glace", "patinaje sobre hielo", "patinacao no gelo"),
    "Rowing": ("rowing", "rudern", "aviron", "remo"),
    "Kayaking": ("kayaking", "kajakfahren", "kayak", "caiaque"),
    "Canoeing": ("canoeing", "kanufahren", "canoe", "piraguismo", "canoagem"),
    "StandUpPaddling": ("stand up paddling", "stand-up-paddling", "paddle", "paddle surf"),
    "Elliptical": ("elliptical", "crosstrainer", "ellipsentrainer", "velo elliptique", "eliptica", "eliptico"),
    "StairStepper": ("stair-stepper", "stair stepper", "stepper", "simulateur d'escalier", "simulador de escaleras"),
    "RockClimbing": ("rock climb", "rock climbing", "klettern", "escalade", "escalada", "escalada en roca"),
    "WeightTraining": (
        "weight training", "krafttraining", "gewichttraining", "entrainement aux poids", "musculation",
        "entrenamiento con pesas", "treinamento com peso", "treino com pesos", "musculacao",
    ),
    "Workout": ("workout", "training", "entrainement", "entrenamiento", "treino"),
    "Yoga": ("yoga", "ioga"),
    "Pilates": ("pilates",),
    "Crossfit": ("crossfit",),
    "HighIntensityIntervalTraining": ("hiit", "high intensity interval training"),
    "Golf": ("golf", "golfe"),
    "Soccer": ("football (soccer)", "soccer", "fussball", "fußball", "football", "futbol", "futebol"),
    "Tennis": ("tennis", "tenis"),
    "Handcycle": ("handcycle", "handbike", "velo a main", "bicicleta de mano"),
    "Wheelchair": ("wheelchair", "rollstuhl", "fauteuil roulant", "silla de ruedas", "cadeira de rodas"),
}  # fmt: skip
"""Strava sport type -> what it is called; an unknown one says nothing."""

SPORT_OF: Final = {word: sport for sport, words in SPORTS.items() for word in words}
