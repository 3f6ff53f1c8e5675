// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a kernel's preprocess.c gets instead of popen() and pclose(): answers are kept in the file
 * that $ORACLE_ANSWERS names, so that a command is run once however often it is asked. The file that
 * $ORACLE_ASKED names gets a record without an output each time.
 *
 * A record of that file is "LENGTH LENGTH\n", the command, the output, "\n".
 */
#undef popen
#undef pclose
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct answer {
	char *command;
	char *output;
	size_t length;
	struct answer *next;
};

static struct answer *answers;
static int loaded;

static struct answer *add(const char *command, size_t size, const char *output, size_t length)
{
	struct answer *new = calloc(1, sizeof(*new));

	new->command = strndup(command, size);
	new->output = malloc(length + 1);
	memcpy(new->output, output, length);
	new->length = length;
	new->next = answers;
	answers = new;
	return new;
}

static void load(const char *path)
{
	size_t size, length;
	FILE *file = fopen(path, "r");

	while (file && fscanf(file, "%zu %zu", &size, &length) == 2) {
		char *buffer = malloc(size + length + 1);

		fgetc(file);
		if (fread(buffer, 1, size + length, file) != size + length)
			break;
		add(buffer, size, buffer + size, length);
		free(buffer);
	}
	if (file)
		fclose(file);
	loaded = 1;
}

static void keep(const char *path, const char *command, const char *output, size_t length)
{
	FILE *file = path ? fopen(path, "a") : NULL;

	if (!file)
		return;
	fprintf(file, "%zu %zu\n%s", strlen(command), length, command);
	fwrite(output, 1, length, file);
	fputc('\n', file);
	fclose(file);
}

static struct answer *run(const char *command, const char *path)
{
	static char buffer[1 << 16];
	FILE *pipe = popen(command, "r");
	size_t length;

	if (!pipe)
		return NULL;
	length = fread(buffer, 1, sizeof(buffer), pipe);
	pclose(pipe);
	keep(path, command, buffer, length);
	return add(command, strlen(command), buffer, length);
}

FILE *oracle_popen(const char *command, const char *mode);
int oracle_pclose(FILE *file);

FILE *oracle_popen(const char *command, const char *mode)
{
	const char *path = getenv("ORACLE_ANSWERS");
	struct answer *answer;

	if (!loaded && path)
		load(path);
	keep(getenv("ORACLE_ASKED"), command, "", 0);
	for (answer = answers; answer; answer = answer->next)
		if (!strcmp(answer->command, command))
			break;
	if (!answer)
		answer = run(command, path);
	if (!answer)
		return NULL;
	return answer->length ? fmemopen(answer->output, answer->length, mode)
			      : fopen("/dev/null", mode);
}

int oracle_pclose(FILE *file)
{
	return fclose(file);
}
