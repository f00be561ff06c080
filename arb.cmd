@echo off
rem Runs the command line in the checkout's own environment, .venv. On first use, and whenever requirements.lock has
rem changed, console\bootstrap.py makes it, with the interpreter that ARB_PYTHON names or the first one that fits.
setlocal
rem Programs are looked for on PATH, not in the folder where the command was given.
set "NoDefaultCurrentDirectoryInExePath=1"
set "root=%~dp0"
set "venv=%root%.venv"

if not exist "%venv%\Scripts\python.exe" goto make
fc /b "%root%requirements.lock" "%venv%\requirements.lock" >nul 2>nul || goto make
if not defined ARB_PYTHON goto run
set "made_with="
set /p made_with=<"%venv%\made-with"
if "%made_with%"=="%ARB_PYTHON%" goto run

:make
set "python="
set "candidates=python python3 "py -3.14" "py -3.13" "py -3.12" "py -3.11""
if not defined ARB_PYTHON for %%p in (%candidates%) do call :consider %%~p
if defined ARB_PYTHON call :consider "%ARB_PYTHON%"
if not defined python goto no_python
call %python% -I "%root%console\bootstrap.py" || exit /b 1

:run
"%venv%\Scripts\python.exe" -I -X utf8 "%root%console\__main__.py" %*
exit /b %ERRORLEVEL%

:consider
if defined python exit /b 0
call %* -I -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))" >nul 2>nul && set python=%*
exit /b 0

:no_python
if defined ARB_PYTHON set "candidates=%ARB_PYTHON%"
>&2 echo arb: no Python 3.11, 3.12, 3.13 or 3.14 among: %candidates%
>&2 echo      Install one, or name one: set ARB_PYTHON=C:\path\to\python.exe
exit /b 1
