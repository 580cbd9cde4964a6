using System.Globalization;
using System.Text;

namespace Sallyport.Proxy.Admin.Policies;

/// <summary>What changed from one text to another, in the unified form (POSIX diff -u, three lines of context).</summary>
internal static class TextDiff
{
    private const int Context = 3;

    /// <summary>Lines that are compared with each other at most: beyond it the middle is shown as replaced.</summary>
    private const int MostLines = 2000;

    /// <summary>The difference; empty when there is none.</summary>
    public static string Unified(string beforeName, string before, string afterName, string after)
    {
        List<(char Kind, string Line)> edits = Edits(Lines(before), Lines(after));
        if (edits.TrueForAll(edit => edit.Kind == ' '))
            return "";
        var text = new StringBuilder($"--- {beforeName}\n+++ {afterName}\n");
        int oldLine = 1, newLine = 1, at = 0;
        foreach ((int from, int to) in Hunks(edits))
        {
            // What lies between hunks is the same in both.
            (oldLine, newLine) = (oldLine + from - at, newLine + from - at);
            List<(char Kind, string Line)> hunk = edits[from..to];
            int oldCount = hunk.Count(edit => edit.Kind != '+'), newCount = hunk.Count(edit => edit.Kind != '-');
            text.Append(CultureInfo.InvariantCulture, $"@@ -{(oldCount == 0 ? oldLine - 1 : oldLine)},{oldCount} +{(newCount == 0 ? newLine - 1 : newLine)},{newCount} @@\n");
            foreach ((char kind, string line) in hunk)
                text.Append(kind).Append(line).Append('\n');
            (oldLine, newLine, at) = (oldLine + oldCount, newLine + newCount, to);
        }

        return text.ToString();
    }

    private static List<(int From, int To)> Hunks(List<(char Kind, string Line)> edits)
    {
        List<(int From, int To)> hunks = [];
        for (int i = 0; i < edits.Count; i++)
        {
            if (edits[i].Kind == ' ')
                continue;
            int from = Math.Max(0, i - Context), to = Math.Min(edits.Count, i + Context + 1);
            if (hunks.Count > 0 && from <= hunks[^1].To)
                hunks[^1] = (hunks[^1].From, to);
            else
                hunks.Add((from, to));
        }

        return hunks;
    }

    /// <summary>Longest common subsequence of what is left when the common head and tail are taken off.</summary>
    private static List<(char Kind, string Line)> Edits(string[] before, string[] after)
    {
        int head = 0, tail = 0;
        while (head < before.Length && head < after.Length && before[head] == after[head])
            head++;
        while (tail < before.Length - head && tail < after.Length - head && before[^(tail + 1)] == after[^(tail + 1)])
            tail++;
        List<(char, string)> edits = [.. before[..head].Select(line => (' ', line))];
        edits.AddRange(Middle(before[head..^tail], after[head..^tail]));
        edits.AddRange(before[^tail..].Select(line => (' ', line)));
        return edits;
    }

    private static IEnumerable<(char Kind, string Line)> Middle(string[] before, string[] after)
    {
        if (before.Length > MostLines || after.Length > MostLines)
            return [.. before.Select(line => ('-', line)), .. after.Select(line => ('+', line))];
        int[,] common = new int[before.Length + 1, after.Length + 1];
        for (int i = before.Length - 1; i >= 0; i--)
        {
            for (int j = after.Length - 1; j >= 0; j--)
                common[i, j] = before[i] == after[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
        }

        List<(char, string)> edits = [];
        int b = 0, a = 0;
        while (b < before.Length || a < after.Length)
        {
            if (b < before.Length && a < after.Length && before[b] == after[a])
                (_, a) = (Add(edits, ' ', before[b++]), a + 1);
            else if (b < before.Length && (a == after.Length || common[b + 1, a] >= common[b, a + 1]))
                Add(edits, '-', before[b++]);
            else
                Add(edits, '+', after[a++]);
        }

        return edits;
    }

    private static bool Add(List<(char, string)> edits, char kind, string line)
    {
        edits.Add((kind, line));
        return true;
    }

    private static string[] Lines(string text)
    {
        if (text.Length == 0)
            return [];
        string[] lines = text.ReplaceLineEndings("\n").Split('\n');
        return lines[^1].Length == 0 ? lines[..^1] : lines;
    }
}
