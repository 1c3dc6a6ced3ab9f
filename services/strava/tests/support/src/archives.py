"""Archives of whole accounts, made up for tests."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

HEADS = {
    "en": (
        "Activity ID,Activity Date,Activity Name,Activity Type,Activity Description,Elapsed Time,Distance,"
        "Max Heart Rate,Relative Effort,Commute,Activity Private Note,Activity Gear,Filename,Athlete Weight,"
        "Bike Weight,Elapsed Time,Moving Time,Distance,Max Speed,Average Speed,Elevation Gain,Elevation Loss,"
        "Elevation Low,Elevation High,Max Grade,Average Grade,Average Positive Grade,Average Negative Grade,"
        "Max Cadence,Average Cadence,Max Heart Rate,Average Heart Rate,Max Watts,Average Watts,Calories"
    ),
    "de": (
        "Aktivitäts-ID,Aktivitätsdatum,Name der Aktivität,Aktivitätsart,Aktivitätsbeschreibung,Verstrichene Zeit,"
        "Distanz,Max. Herzfrequenz,Relative Leistung,Pendelfahrt,Private Notiz,Aktivitätsausrüstung,Dateiname,"
        "Gewicht des Athleten,Gewicht des Fahrrads,Verstrichene Zeit,Bewegungszeit,Distanz,Höchstgeschw.,"
        "Durchschnittsgeschw.,Höhenzunahme,Höhenunterschied,Min. Höhe,Max. Höhe,a,b,c,d,"
        "Max. Trittfrequenz,Durchschnittliche Trittfrequenz,Max. Herzfrequenz,Durchschnittliche Herzfrequenz,"
        "Max. Watt,Durchschnittliche Watt,Kalorien"
    ),
    "fr": (
        "ID de l\u2019activité,Date de l\u2019activité,Nom de l\u2019activité,Type d\u2019activité,"
        "Description de l'activité,Temps écoulé,Distance,Fréquence cardiaque max.,Effort relatif,Trajet,Note privée,"
        "Équipement pour l'activité,Nom du fichier,Poids de l'athlète,Poids du vélo,Temps écoulé,Durée de déplacement,"
        "Distance,Vitesse max.,Vitesse moyenne,Dénivelé positif,Dénivelé négatif,Altitude min.,Altitude max.,"
        "a,b,c,d,Cadence max.,Cadence moyenne,Fréquence cardiaque max.,Fréquence cardiaque moyenne,"
        "Watts max.,Watts moyens,Calories"
    ),
    "es": (
        "ID de actividad,Fecha de la actividad,Nombre de la actividad,Tipo de actividad,Descripción de la actividad,"
        "Tiempo transcurrido,Distancia,Ritmo cardiaco máximo,Esfuerzo relativo,Desplazamiento,Nota privada,"
        "Equipamiento de la actividad,Nombre de archivo,Peso del atleta,Peso de la bicicleta,Tiempo transcurrido,"
        "Tiempo en movimiento,Distancia,Velocidad máxima,Velocidad promedio,Desnivel positivo,Desnivel negativo,"
        "a,b,c,d,e,f,Cadencia máxima,Cadencia media,Ritmo cardiaco máximo,Ritmo cardiaco promedio,"
        "Vatios máximos,Vatios promedio,Calorías"
    ),
    "pt": (
        "ID da atividade,Data da atividade,Nome da atividade,Tipo de atividade,Descrição da atividade,Tempo decorrido,"
        "Distância,Frequência cardíaca máxima,Esforço relativo,Deslocamento,Nota particular,Equipamento da atividade,"
        "Nome do arquivo,Peso do atleta,Peso da bicicleta,Tempo decorrido,Tempo de movimentação,Distância,"
        "Velocidade máxima,Velocidade média,Ganho de elevação,Perda de elevação,a,b,c,d,e,f,Cadência máxima,"
        "Cadência média,Frequência cardíaca máxima,Frequência cardíaca média,Potência máxima,Potência média,Calorias"
    ),
}
"""The first 35 columns, of about 100."""

WIDTH = 101
PLACES = {
    "id": 0, "date": 1, "name": 2, "type": 3, "description": 4, "short_elapsed": 5, "short_distance": 6,
    "short_max_heartrate": 7, "gear": 11, "file": 12, "elapsed": 15, "moving": 16, "distance": 17, "gain": 20,
    "cadence": 29, "max_heartrate": 30, "heartrate": 31, "calories": 34,
}  # fmt: skip

POINT = {"elapsed": "3725.0", "moving": "3600.0", "distance": "10520.5", "gain": "103.5", "short_distance": "10.52"}
COMMA = {"elapsed": "3725,0", "moving": "3600,0", "distance": "10520,5", "gain": "103,5", "short_distance": "10,52"}
LANGUAGES: Mapping[str, Mapping[str, str]] = {
    "en": {"date": "Oct 7, 2020, 2:43:11 PM", "type": "Run", **POINT},
    "de": {"date": "07.10.2020, 14:43:11", "type": "Lauf", **COMMA},
    "fr": {"date": "7 oct. 2020 à 14:43:11", "type": "Course à pied", **COMMA},
    "es": {"date": "7 oct 2020, 14:43:11", "type": "Carrera", **COMMA},
    "pt": {"date": "7 de out. de 2020, 14:43:11", "type": "Corrida", **COMMA},
}
"""One run, as the archive of each language writes it: on 7 October 2020 at 14:43:11 UTC, of 10,520.5 m."""


def activities_csv(rows: Iterable[Mapping[str, str]], language: str = "en") -> bytes:
    """An ``activities.csv`` of today's width in a language; values are written as given."""
    head = HEADS[language].split(",")
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*head, *(f"more {number}" for number in range(WIDTH - len(head)))])
    for row in rows:
        cells = [""] * WIDTH
        for name, value in row.items():
            cells[PLACES[name]] = value
        writer.writerow(cells)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def in_english(moment: datetime) -> str:
    """A date as the English archive has it."""
    return f"{moment:%b} {moment.day}, {moment:%Y}, {moment.hour % 12 or 12}:{moment:%M:%S} {moment:%p}"


def zipped(files: Mapping[str, bytes] | Sequence[tuple[str, bytes]], *, packed: bool = True) -> bytes:
    """A ZIP of these files, in order."""
    content = io.BytesIO()
    pairs = files.items() if isinstance(files, Mapping) else files
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        for name, data in pairs:
            archive.writestr(name, data)
    return content.getvalue()


def summaries(*entries: dict[str, Any]) -> bytes:
    """A ``summarizedActivities.json`` of Garmin."""
    return json.dumps([{"summarizedActivitiesExport": list(entries)}]).encode()
