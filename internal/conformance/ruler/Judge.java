import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import software.amazon.event.ruler.JsonRuleCompiler;
import software.amazon.event.ruler.Machine;
import software.amazon.event.ruler.Patterns;
import software.amazon.event.ruler.RuleCompiler;

/** Answers each line {"pattern": text, "event": text} with true, false or the reason of a refusal. */
class Judge {
    public static void main(String[] args) throws Exception {
        BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        ObjectMapper json = new ObjectMapper();
        for (String line; (line = questions.readLine()) != null; ) {
            JsonNode question = json.readTree(line);
            List<Machine> alternatives;
            try {
                alternatives = compile(question.get("pattern").textValue());
            } catch (Exception refused) {
                answers.println("refused: " + String.valueOf(refused.getMessage()).replaceAll("\\s+", " "));
                continue;
            }
            boolean matches = false;
            for (Machine alternative : alternatives) {
                matches |= !alternative.rulesForJSONEvent(question.get("event").textValue()).isEmpty();
            }
            answers.println(matches);
        }
    }

    /**
     * Compiles as a machine does it: where $or does not mean alternatives, it is a field like any other. But each
     * alternative gets a machine of its own: together in one they hide each other now and then where they have values
     * in common.
     */
    private static List<Machine> compile(String pattern) throws Exception {
        List<Map<String, List<Patterns>>> rules = JsonRuleCompiler.check(pattern) == null
                ? JsonRuleCompiler.compile(pattern) : List.of(RuleCompiler.compile(pattern));
        List<Machine> machines = new ArrayList<>();
        for (Map<String, List<Patterns>> rule : rules) {
            Machine machine = Machine.builder().build();
            machine.addPatternRule("rule", rule);
            machines.add(machine);
        }
        return machines;
    }
}
