// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Prints what a kernel's own scripts/kconfig has read, one fact a line, fields parted by tabs:
 *
 *	symbol NAME TYPE
 *	prompt TEXT WHEN
 *	default VALUE WHEN
 *	select NAME WHEN
 *	imply NAME WHEN
 *	range LOW HIGH WHEN
 *	depends WHEN
 *
 * The lines behind a symbol are its own. An expression is written with its operator first; a quoted
 * text begins with a quote; a choice is called by its number among all choices.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lkc.h"

#define MOST 100000

static struct symbol *symbols[MOST], *choices[MOST];
static int symbol_count, choice_count;

static int number(struct symbol **list, int count, const struct symbol *symbol)
{
	int i;

	for (i = 0; i < count; i++)
		if (list[i] == symbol)
			return i;
	return -1;
}

static void meet(struct symbol *symbol)
{
	if (symbol_count >= MOST || choice_count >= MOST)
		exit(3);
	if (sym_is_choice(symbol)) {
		if (number(choices, choice_count, symbol) < 0)
			choices[choice_count++] = symbol;
	} else if (!(symbol->flags & 0x40000000)) {
		symbol->flags |= 0x40000000;
		symbols[symbol_count++] = symbol;
	}
}

static void walk(struct menu *menu)
{
	for (; menu; menu = menu->next) {
		if (menu->sym)
			meet(menu->sym);
		walk(menu->list);
	}
}

static void name(const struct symbol *symbol)
{
	if (symbol->flags & SYMBOL_CONST)
		printf("'%s", symbol->name);
	else if (symbol->name)
		printf("%s", symbol->name);
	else
		printf("<choice %d>", number(choices, choice_count, symbol));
}

static void expression(struct expr *e)
{
	static const char *const operators[] = {
		[E_OR] = "|", [E_AND] = "&", [E_EQUAL] = "=", [E_UNEQUAL] = "!=",
		[E_LTH] = "<", [E_LEQ] = "<=", [E_GTH] = ">", [E_GEQ] = ">=",
	};

	if (!e) {
		printf("-");
		return;
	}
	switch (e->type) {
	case E_SYMBOL:
		name(e->left.sym);
		break;
	case E_NOT:
		printf("!\x01");
		expression(e->left.expr);
		break;
	case E_OR:
	case E_AND:
		printf("%s\x01", operators[e->type]);
		expression(e->left.expr);
		printf("\x01");
		expression(e->right.expr);
		break;
	case E_EQUAL:
	case E_UNEQUAL:
	case E_LTH:
	case E_LEQ:
	case E_GTH:
	case E_GEQ:
		printf("%s\x01", operators[e->type]);
		name(e->left.sym);
		printf("\x01");
		name(e->right.sym);
		break;
	default:
		printf("?");
	}
}

static void properties(const struct symbol *symbol)
{
	struct property *p;

	for (p = symbol->prop; p; p = p->next) {
		switch (p->type) {
		case P_PROMPT:
		case P_MENU:
			printf("prompt\t%s\t", p->text);
			break;
		case P_DEFAULT:
			printf("default\t");
			expression(p->expr);
			printf("\t");
			break;
		case P_SELECT:
		case P_IMPLY:
			printf("%s\t", p->type == P_SELECT ? "select" : "imply");
			expression(p->expr);
			printf("\t");
			break;
		case P_RANGE:
			printf("range\t");
			name(p->expr->left.sym);
			printf("\t");
			name(p->expr->right.sym);
			printf("\t");
			break;
		default:
			continue;
		}
		expression(p->visible.expr);
		printf("\n");
	}
}

int main(int argc, char **argv)
{
	static const char *const types[] = {
		[S_UNKNOWN] = "unknown", [S_BOOLEAN] = "bool", [S_TRISTATE] = "tristate",
		[S_INT] = "int", [S_HEX] = "hex", [S_STRING] = "string",
	};
	int i;

	conf_parse(argc > 1 ? argv[1] : "Kconfig");
	walk(rootmenu.list);
	for (i = 0; i < symbol_count; i++) {
		printf("symbol\t%s\t%s\n", symbols[i]->name, types[symbols[i]->type]);
		properties(symbols[i]);
		printf("depends\t");
		expression(symbols[i]->dir_dep.expr);
		printf("\n");
	}
	return 0;
}
